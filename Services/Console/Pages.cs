using Allocora.Console.Components;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Components.Endpoints;

namespace Allocora.Console;

/// <summary>On a page that is not only for those who are signed in.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ForAnyoneAttribute : Attribute;

/// <summary>On a page of a workspace: what a member has to hold to see it; without a permission it is for every member.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ForMembersAttribute(string? permission = null) : Attribute
{
    public string? Permission { get; } = permission;
}

/// <summary>Pages are rendered on the server in one piece: no circuit, no framework script, no streaming.</summary>
internal static class Pages
{
    public static void AddPages(this WebApplicationBuilder builder)
    {
        builder.Services.AddRazorComponents();
        builder.Services.AddSingleton<AssetFiles>();
    }

    public static void MapPages(this WebApplication app)
    {
        app.MapRazorComponents<App>().Add(SayWhoMayReadIt);
    }

    // The framework lets a page be posted to as well, but each form of ours has an endpoint of its own. Its own endpoints are no pages.
    private static void SayWhoMayReadIt(EndpointBuilder endpoint)
    {
        var isPage = endpoint.Metadata.OfType<ComponentTypeMetadata>().Any();
        if (isPage) endpoint.Metadata.Add(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]));
        var members = endpoint.Metadata.OfType<ForMembersAttribute>().FirstOrDefault();
        if (members is not null) WorkspaceName.Limit((RouteEndpointBuilder)endpoint);
        endpoint.Metadata.Add(new EndpointAccess(members?.Permission, IsForAnyone: !isPage || endpoint.Metadata.OfType<ForAnyoneAttribute>().Any())
        {
            IsForMembers = members is { Permission: null },
        });
    }
}
