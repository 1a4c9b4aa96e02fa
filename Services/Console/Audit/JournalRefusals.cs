using Allocora.Contracts.Events;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Authentication;

namespace Allocora.Console;

/// <summary>Notes who was turned away, here or by the service behind, and which keys are in use.</summary>
internal sealed class JournalRefusals(RequestDelegate next, Journal journal, KeyUse keys)
{
    private const string KeyVia = "key:";

    public async Task Invoke(HttpContext http)
    {
        // At the first byte, since an answer may go on for hours; and at the end, since a caller may go away before.
        http.Response.OnStarting(() =>
        {
            NoteKeyUse(http);
            return Task.CompletedTask;
        });
        try
        {
            await next(http);
        }
        finally
        {
            NoteKeyUse(http);
        }
        if (await IsRefusal(http)) NoteRefusal(http);
    }

    /// <summary>The pattern of the endpoint: the address itself is the caller's to choose, and may hold anything.</summary>
    public static string RouteOf(HttpContext http) => (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "no route";

    public static string MethodOf(HttpContext http) => http.Request.Method is
        "GET" or "HEAD" or "POST" or "PUT" or "PATCH" or "DELETE" or "OPTIONS" or "TRACE" or "CONNECT" ? http.Request.Method : "another method";

    private static async Task<bool> IsRefusal(HttpContext http)
    {
        var isOurs = http.Features.Get<Refused>() is not null;
        return http.Response.StatusCode switch
        {
            // Without a credential it is somebody's first visit.
            StatusCodes.Status401Unauthorized => isOurs && await BroughtCredential(http),
            // Behind the check too, a rule or a service says no to somebody.
            StatusCodes.Status403Forbidden => isOurs || http.GetEndpoint()?.Metadata.GetMetadata<EndpointAccess>() is { IsForAnyone: false },
            // That an id is not there, in a workspace of one's own, is no refusal.
            StatusCodes.Status404NotFound => isOurs,
            _ => false,
        };
    }

    private static async Task<bool> BroughtCredential(HttpContext http) =>
        http.Request.Headers.Authorization.Count > 0 || (await http.AuthenticateAsync()).Failure is not null;

    private void NoteRefusal(HttpContext http)
    {
        var permission = http.Features.Get<Refused>()?.Permission ?? http.GetEndpoint()?.Metadata.GetMetadata<EndpointAccess>()?.Permission;
        journal.Note(WorkspaceOf(http), Journal.Door,
            new AccessRefused(http.Response.StatusCode, MethodOf(http), RouteOf(http), permission), Journal.OriginOf(http));
    }

    private void NoteKeyUse(HttpContext http)
    {
        if (http.User.Identity is not { IsAuthenticated: true } || Caller.Of(http) is not { } caller
            || !caller.Via.StartsWith(KeyVia, StringComparison.Ordinal)) return;
        var key = caller.Via[KeyVia.Length..];
        // It is the workspace's whose key it is, wherever it is used: also where it opens nothing, or outside of any.
        var workspace = http.Features.Get<KeyInForce>()?.Workspace ?? WorkspaceOf(http);
        if (keys.IsNews(workspace, key, caller.Ip)) journal.Note(workspace, Journal.Door, new ApiKeyUsed(key, caller.Ip), Journal.OriginOf(http));
    }

    // Known once the caller was found to be a member; to all others the workspace is not there.
    private static string WorkspaceOf(HttpContext http) => http.Features.Get<Grant>()?.Workspace ?? Journal.Platform;
}
