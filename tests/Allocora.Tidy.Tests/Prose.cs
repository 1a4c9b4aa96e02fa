using System.Text.RegularExpressions;

namespace Allocora.Tidy;

/// <summary>Tells a sentence that adds something from one that says the name again.</summary>
internal static partial class Prose
{
    private static readonly HashSet<string> Filler =
    [
        "a", "an", "the", "this", "that", "of", "or", "and", "to", "for", "is", "from", "by", "with", "all", "its", "new", "instance", "class",
        "method", "property", "get", "set", "return", "represent", "initialize", "create", "value", "indicating", "whether",
    ];

    /// <summary>GetUserById is get, user, by, id.</summary>
    public static IEnumerable<string> Words(string text) => Word().Matches(text).Select(m => Stem(m.Value));

    public static bool Restates(string sentence, string names)
    {
        var said = Words(sentence).ToList();
        return said.Count > 0 && !said.Except(Filler).Except(Words(names)).Any();
    }

    private static string Stem(string word) => word.ToUpperInvariant().TrimEnd('S').ToLowerInvariant();

    [GeneratedRegex("[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")]
    private static partial Regex Word();
}
