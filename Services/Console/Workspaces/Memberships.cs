namespace Allocora.Console;

internal sealed record Membership(string Workspace, string Slug, string Name, string Role);

/// <summary>Who is a member of which workspace.</summary>
internal sealed class Memberships
{
    public static Task<IReadOnlyList<Membership>> Of(string person, CancellationToken ct) => Task.FromResult<IReadOnlyList<Membership>>([]);

    /// <param name="workspace">Its id or its slug.</param>
    public static Task<Membership?> Find(string person, string workspace, CancellationToken ct) => Task.FromResult<Membership?>(null);
}
