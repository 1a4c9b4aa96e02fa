using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Allocora.ServiceDefaults;

/// <summary>Who may call an endpoint.</summary>
/// <param name="Permission">A permission of the table; null when anyone may, or anyone who is signed in.</param>
public sealed record EndpointAccess(string? Permission, bool IsForAnyone)
{
    /// <summary>An approver's session must have been confirmed a short while ago.</summary>
    public bool NeedsFreshSession { get; init; }

    /// <summary>Any member of the route's workspace may call it, whatever their permissions.</summary>
    public bool IsForMembers { get; init; }

    public string Name => Permission ?? (IsForAnyone ? "anyone" : IsForMembers ? "members" : "signed-in");
}

public static class EndpointAccessMapping
{
    /// <summary>The caller needs this permission: in the workspace of the route's <c>{ws}</c>, or for the platform where there is none.</summary>
    public static T RequirePermission<T>(this T endpoint, string permission, bool freshSession = false) where T : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new EndpointAccess(permission, IsForAnyone: false) { NeedsFreshSession = freshSession });

    /// <summary>The caller has to belong to the workspace of the route's <c>{ws}</c>; what they may do there, somebody behind the endpoint decides.</summary>
    public static T AllowMembers<T>(this T endpoint) where T : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new EndpointAccess(null, IsForAnyone: false) { IsForMembers = true });

    public static T AllowSignedIn<T>(this T endpoint) where T : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new EndpointAccess(null, IsForAnyone: false));

    public static T AllowAnyone<T>(this T endpoint) where T : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new EndpointAccess(null, IsForAnyone: true));

    /// <summary>Refuses a host in which an endpoint does not say who may call it, or would not be asked.</summary>
    internal static void CheckAccess(this WebApplication app)
    {
        foreach (var endpoint in ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints))
        {
            if (endpoint.Metadata.GetMetadata<InternalEndpoint>() is not null) continue;
            var access = endpoint.Metadata.GetMetadata<EndpointAccess>()
                ?? throw new InvalidOperationException(
                    $"{endpoint.DisplayName} does not say who may call it: give it RequirePermission, AllowMembers, AllowSignedIn or AllowAnyone.");
            if (access.Permission is { } permission && !PermissionTable.All.Contains(permission))
                throw new InvalidOperationException($"{endpoint.DisplayName} needs {permission}, which is not in the table of permissions.");
            if (access.IsForMembers && (endpoint as RouteEndpoint)?.RoutePattern.GetParameter("ws") is null)
                throw new InvalidOperationException($"{endpoint.DisplayName} is for the members of a workspace, and its route names none.");
            if (!access.IsForAnyone && !((IApplicationBuilder)app).Properties.ContainsKey(AccessCheck.Marker))
                throw new InvalidOperationException($"{endpoint.DisplayName} is not for anyone, and the host does not call UseAccess.");
        }
    }
}
