using Allocora.Contracts.Api;
using Allocora.ServiceDefaults;

namespace Allocora.Console;

/// <summary>Who the caller is, and where they may do what.</summary>
internal static class ReadMe
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/me", Read).AllowSignedIn().WithName(nameof(ReadMe));
        routes.MapGet("/api/v1/workspaces", List).AllowSignedIn().WithName("ListWorkspaces");
    }

    private static async Task<IResult> Read(People people, Memberships memberships, WorkspaceGrants grants, HttpContext http, CancellationToken ct)
    {
        var (caller, key) = (Caller.Of(http), http.Features.Get<KeyInForce>());
        var person = await people.Find(caller.Subject, ct);
        var permissions = await grants.OfPlatform(caller.Subject, key, ct);
        return TypedResults.Ok(new Me(
            caller.Subject, person?.Name, person?.Email, caller.Via, await Of(caller.Subject, key, memberships, ct),
            [.. permissions.Order(StringComparer.Ordinal)]));
    }

    private static async Task<IResult> List(Memberships memberships, HttpContext http, CancellationToken ct) => TypedResults.Ok(new Page<WorkspaceOfMine>(
        await Of(Caller.Of(http).Subject, http.Features.Get<KeyInForce>(), memberships, ct), new(NextCursor: null, HasMore: false)));

    // A key knows of its own workspace only, wherever else its owner is a member.
    private static async Task<IReadOnlyList<WorkspaceOfMine>> Of(
        string person, KeyInForce? key, Memberships memberships, CancellationToken ct) => key is not null
        ? [new(key.Workspace, key.Slug, key.Name, key.Role, Sorted(key.Permissions))]
        : [.. (await memberships.Of(person, ct)).Select(m => new WorkspaceOfMine(m.Workspace, m.Slug, m.Name, m.Role, Sorted(PermissionTable.Of(m.Role))))];

    private static string[] Sorted(IReadOnlySet<string> permissions) => [.. permissions.Order(StringComparer.Ordinal)];
}
