namespace Allocora.ServiceDefaults;

/// <summary>Who may do what, as <c>permissions.md</c> says it.</summary>
public static class PermissionTable
{
    private static readonly Dictionary<string, IReadOnlySet<string>> ByRole = Read();

    /// <summary>The roles a member of a workspace, or an API key, can have.</summary>
    public static IReadOnlyList<string> WorkspaceRoles { get; } = [.. ByRole.Keys.Except([Roles.Platform, Roles.Webhook])];

    public static IReadOnlySet<string> All { get; } = ByRole.Values.SelectMany(p => p).ToHashSet();

    /// <summary>What a role may do; nothing when there is no such role.</summary>
    public static IReadOnlySet<string> Of(string role) => ByRole.GetValueOrDefault(role) ?? new HashSet<string>();

    private static Dictionary<string, IReadOnlySet<string>> Read()
    {
        using var reader = new StreamReader(typeof(PermissionTable).Assembly.GetManifestResourceStream("permissions.md")!);
        var rows = reader.ReadToEnd().Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(Cells).ToList();
        var roles = rows[0][1..^1];
        return roles.Select((role, column) => (role, column)).ToDictionary(
            r => r.role, r => (IReadOnlySet<string>)rows.Skip(1).Where(row => row[r.column + 1] == "✓").Select(row => row[0]).ToHashSet());
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
