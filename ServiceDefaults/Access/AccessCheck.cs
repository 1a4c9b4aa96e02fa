using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Allocora.ServiceDefaults;

/// <summary>What the caller of a request may do where it is asked.</summary>
/// <param name="Workspace">The workspace's id, whatever the route calls it; null outside of any.</param>
public sealed record Grant(string? Workspace, IReadOnlySet<string> Permissions)
{
    /// <summary>The caller signed in, or confirmed it, a short while ago; always so for callers without a session.</summary>
    public bool IsFresh { get; init; } = true;
}

/// <summary>
/// Knows what a caller may do: in a service the token of the gateway says it, in the gateway the members of the workspace do.
/// </summary>
public interface IGrants
{
    /// <param name="workspace">As the route has it; null where it has none.</param>
    /// <returns>Null when there is no such workspace, or none the caller may know of.</returns>
    ValueTask<Grant?> Of(HttpContext http, string? workspace);
}

/// <summary>Set on a request that was refused, for whoever keeps account of that.</summary>
/// <param name="Workspace">The workspace's id, when the caller may know of it.</param>
public sealed record Refused(int Status, string? Permission = null, string? Workspace = null, string? Code = null, string? Detail = null);

/// <summary>Who is calling, as claims of the request's user.</summary>
public sealed record Caller(string Subject, string Via, string? Ip)
{
    public const string SubjectClaim = "sub", ViaClaim = "via", IpClaim = "ip";

    public static Caller Of(HttpContext http) => new(
        http.User.FindFirstValue(SubjectClaim) ?? throw new InvalidOperationException("Nobody is signed in here."),
        http.User.FindFirstValue(ViaClaim) ?? "",
        http.User.FindFirstValue(IpClaim) ?? http.Connection.RemoteIpAddress?.ToString());
}

public static class AccessCheck
{
    internal const string Marker = "allocora.access";

    /// <summary>Lets a request through to its endpoint only if the caller has what the endpoint asks for.</summary>
    public static void UseAccess(this WebApplication app)
    {
        ((IApplicationBuilder)app).Properties[Marker] = true;
        app.Use(Check);
    }

    /// <summary>What the caller was found to hold, in an endpoint that needs a permission or is for members.</summary>
    public static Grant Grant(this HttpContext http) => http.Features.Get<Grant>() ?? throw new InvalidOperationException("The endpoint needs no permission.");

    /// <summary>The id of the request's workspace.</summary>
    public static string Workspace(this HttpContext http) =>
        http.Grant().Workspace ?? throw new InvalidOperationException("The route has no workspace.");

    private static async Task Check(HttpContext http, RequestDelegate next)
    {
        var endpoint = http.GetEndpoint();
        var access = endpoint?.Metadata.GetMetadata<EndpointAccess>();
        // What the framework answers itself, such as 405, is no route; a route that says nothing got past the check at the start.
        if (endpoint is null or not RouteEndpoint || access is { IsForAnyone: true } || endpoint.Metadata.GetMetadata<InternalEndpoint>() is not null)
        {
            await next(http);
            return;
        }
        if (access is null)
        {
            Refuse(http, new(StatusCodes.Status404NotFound));
            return;
        }
        if (http.User.Identity is not { IsAuthenticated: true })
        {
            http.Response.Headers.WWWAuthenticate = "Bearer";
            Refuse(http, new(StatusCodes.Status401Unauthorized));
            return;
        }
        if ((access.IsForMembers || access.Permission is not null) && !await Holds(http, access)) return;
        await next(http);
    }

    private static async Task<bool> Holds(HttpContext http, EndpointAccess access)
    {
        var named = http.GetRouteValue("ws") as string;
        var grant = await http.RequestServices.GetRequiredService<IGrants>().Of(http, named);
        if (grant is null)
        {
            Refuse(http, new(StatusCodes.Status404NotFound));
            return false;
        }
        http.Features.Set(grant);
        var permission = access.Permission;
        if (permission is not null && !grant.Permissions.Contains(permission))
        {
            Refuse(http, new(StatusCodes.Status403Forbidden, permission, grant.Workspace, "insufficient-scope", $"This needs the permission {permission}."));
            return false;
        }
        if (access.NeedsFreshSession && !grant.IsFresh)
        {
            Refuse(http, new(StatusCodes.Status403Forbidden, permission, grant.Workspace, "step-up-required", "Confirm that it is you, and try again."));
            return false;
        }
        return true;
    }

    // The answer itself, a problem document or a page, is made where all answers without a body get theirs.
    private static void Refuse(HttpContext http, Refused refused)
    {
        http.Features.Set(refused);
        http.Response.StatusCode = refused.Status;
    }
}
