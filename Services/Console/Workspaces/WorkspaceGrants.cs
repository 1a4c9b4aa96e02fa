using Allocora.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace Allocora.Console;

/// <summary>What a caller may do in a workspace, by their role of now, or outside of any.</summary>
internal sealed class WorkspaceGrants(
    Memberships memberships, People people, PlatformAdmins admins, IOptions<SessionOptions> sessions, TimeProvider time) : IGrants
{
    private const string OpenWorkspaces = "workspaces.create";

    public async ValueTask<Grant?> Of(HttpContext http, string? workspace)
    {
        var person = Caller.Of(http).Subject;
        var key = http.Features.Get<KeyInForce>();
        if (workspace is null) return new(null, await OfPlatform(person, key, http.RequestAborted)) { IsFresh = IsFresh(http) };
        if (key is not null) return key.Opens(workspace) ? new Grant(key.Workspace, key.Permissions) : null;
        var found = await memberships.Find(person, workspace, http.RequestAborted);
        return found is null ? null : new Grant(found.Workspace, PermissionTable.Of(found.Role)) { IsFresh = IsFresh(http) };
    }

    /// <summary>What a caller may do outside of any workspace: with a key, open one, if it may all that its owner, a platform admin, may.</summary>
    public async Task<IReadOnlySet<string>> OfPlatform(string person, KeyInForce? key, CancellationToken ct)
    {
        var known = await people.Find(person, ct);
        if (known is null || !admins.Include(known)) return new HashSet<string>();
        if (key is null) return PermissionTable.Of(Roles.Platform);
        var isAdmins = key is { Role: Roles.Admin, IsWhole: true } && key.Permissions.SetEquals(PermissionTable.Of(Roles.Admin));
        return isAdmins ? new HashSet<string> { OpenWorkspaces } : new HashSet<string>();
    }

    private bool IsFresh(HttpContext http) => sessions.Value.IsFresh(http.User, time.GetUtcNow());
}
