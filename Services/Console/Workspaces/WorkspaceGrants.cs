using System.Globalization;
using System.Security.Claims;
using Allocora.ServiceDefaults;

namespace Allocora.Console;

/// <summary>What a caller may do in a workspace, by their role of now, or outside of any.</summary>
internal sealed class WorkspaceGrants(Memberships memberships, People people, PlatformAdmins admins, TimeProvider time) : IGrants
{
    private const string OpenWorkspaces = "workspaces.create";

    /// <summary>How long a person who showed that it is them is taken to be still there.</summary>
    public static readonly TimeSpan FreshFor = TimeSpan.FromMinutes(10);

    public async ValueTask<Grant?> Of(HttpContext http, string? workspace)
    {
        var person = Caller.Of(http).Subject;
        var key = http.Features.Get<KeyInForce>();
        if (workspace is null) return new(null, await OfPlatform(person, key, http.RequestAborted)) { IsFresh = key is not null || IsFresh(http) };
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

    private bool IsFresh(HttpContext http) =>
        long.TryParse(http.User.FindFirstValue(Schemes.ConfirmedClaim), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
        && seconds is > 0 and < 253_402_300_800 && time.GetUtcNow() - DateTimeOffset.FromUnixTimeSeconds(seconds) <= FreshFor;
}
