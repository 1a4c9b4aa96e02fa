using System.Net;
using System.Text.RegularExpressions;

namespace Allocora.Console.Tests;

/// <summary>Finds what a test asks about in the HTML the Console writes, which never nests the elements asked for.</summary>
internal static partial class Html
{
    /// <summary>The opening tags of that name, with their attributes.</summary>
    public static IReadOnlyList<string> Tags(string html, string name) =>
        [.. Regex.Matches(html, $@"<{name}(\s[^>]*)?>").Select(m => m.Value)];

    /// <summary>The text of each element of that name, without markup and with single spaces.</summary>
    public static IReadOnlyList<string> Texts(string html, string name) =>
        [.. Regex.Matches(html, $@"<{name}(?:\s[^>]*)?>(.*?)</{name}>", RegexOptions.Singleline).Select(m => Text(m.Groups[1].Value))];

    public static string? Attribute(string tag, string name) =>
        Regex.Match(tag, $@"\s{name}=""([^""]*)""") is { Success: true } match ? WebUtility.HtmlDecode(match.Groups[1].Value) : null;

    /// <summary>The row of the table that is about that service.</summary>
    public static string Row(string html, string service) =>
        Regex.Match(html, $@"<tr[^>]*data-service=""{service}"".*?</tr>", RegexOptions.Singleline).Value;

    public static string Text(string html) => Spaces().Replace(WebUtility.HtmlDecode(Markup().Replace(html, "")), " ").Trim();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Markup();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
