using System.Text;

namespace Allocora.Tidy;

/// <summary>
/// What may not happen in the tree, with a small planted tree that shows it: files begin with <c>=== path</c>, each line
/// that must be found carries a », on the path itself when it is the file that is wrong, and no other line may be found.
/// </summary>
internal sealed record Rule(string Name, Func<SourceTree, IEnumerable<Finding>> Check, string Planted)
{
    private const char Mark = '»';

    /// <summary>A rule that looks at one file at a time, at the <paramref name="where"/> given.</summary>
    public Rule(string name, Func<string, bool> where, Func<SourceFile, IEnumerable<Finding>> check, string planted)
        : this(name, tree => tree.Files.Where(f => where(f.Path)).SelectMany(check), planted)
    {
    }

    public (SourceTree Tree, IEnumerable<string> Marked) Plant()
    {
        var files = new List<SourceFile>();
        var marked = new List<string>();
        foreach (var part in ("\n" + Planted).Split("\n=== ", StringSplitOptions.RemoveEmptyEntries))
        {
            var lines = part.Split('\n');
            var path = Unmarked(lines[0]);
            var text = string.Join('\n', lines.Skip(1).Select(Unmarked));
            files.Add(new SourceFile(path, Encoding.UTF8.GetBytes(text)));
            marked.AddRange(lines.Index().Where(l => l.Item.Contains(Mark)).Select(l => $"{path}:{Math.Max(1, l.Index)}"));
        }
        return (new SourceTree(files), marked.Distinct());
    }

    private static string Unmarked(string line) => line.Replace($"{Mark}", "", StringComparison.Ordinal);
}

internal static class Places
{
    public static bool Everywhere(string path) => path.Length > 0;

    public static bool Product(string path) => Under(path, "Services/", "Contracts/", "ServiceDefaults/", "AppHost/");

    public static bool Services(string path) => Under(path, "Services/");

    public static bool ServicesAndContracts(string path) => Under(path, "Services/", "Contracts/");

    public static bool Hosts(string path) => Under(path, "Services/", "ServiceDefaults/", "AppHost/");

    public static bool Tests(string path) => Under(path, "tests/");

    private static bool Under(string path, params string[] folders) => folders.Any(f => path.StartsWith(f, StringComparison.Ordinal));
}
