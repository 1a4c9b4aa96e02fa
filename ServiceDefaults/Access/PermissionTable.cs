namespace Allocora.ServiceDefaults;

/// <summary>Who may do what, as <c>permissions.md</c> says it.</summary>
public static class PermissionTable
{
    private static readonly List<string[]> Rows = Read();
    private static readonly Dictionary<string, IReadOnlySet<string>> ByRole = Rows[0][1..^1].Index().ToDictionary(
        role => role.Item, role => (IReadOnlySet<string>)Rows.Skip(1).Where(row => row[role.Index + 1] == "✓").Select(row => row[0]).ToHashSet());

    /// <summary>The roles a member of a workspace, or an API key, can have.</summary>
    public static IReadOnlyList<string> WorkspaceRoles { get; } = [.. ByRole.Keys.Except([Roles.Platform, Roles.Webhook])];

    public static IReadOnlySet<string> All { get; } = ByRole.Values.SelectMany(p => p).ToHashSet();

    /// <summary>What a role may do; nothing when there is no such role.</summary>
    public static IReadOnlySet<string> Of(string role) => ByRole.GetValueOrDefault(role) ?? new HashSet<string>();

    /// <summary>What each permission allows, in words, in the order of the table.</summary>
    public static IReadOnlyList<(string Permission, string Allows)> Meanings { get; } =
        [.. Rows.Skip(1).Where(row => All.Contains(row[0])).Select(row => (row[0], row[^1]))];

    private static List<string[]> Read()
    {
        using var reader = new StreamReader(typeof(PermissionTable).Assembly.GetManifestResourceStream("permissions.md")!);
        return [.. reader.ReadToEnd().Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(Cells)];
    }

    private static string[] Cells(string line) => [.. line.Trim().Trim('|').Split('|').Select(cell => cell.Trim())];
}

/// <summary>The roles that code has to know by name; what they may do is the table's.</summary>
public static class Roles
{
    public const string Viewer = "viewer", Approver = "approver", Admin = "admin", Platform = "platform", Webhook = "webhook";

    /// <summary>In place of a role: who has it is no member.</summary>
    public const string None = "none";
}
