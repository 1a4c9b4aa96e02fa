using Allocora.Contracts;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Allocora.Console;

/// <summary>What can stand for a workspace in the address of a page: its id, or a word that could be its slug.</summary>
internal sealed class WorkspaceName : IRouteConstraint
{
    public const string Parameter = "ws";

    /// <summary>Everything else stays free for other addresses, and is not there if nobody serves it.</summary>
    public static void Limit(RouteEndpointBuilder endpoint) => endpoint.RoutePattern = Of(endpoint.RoutePattern.RawText!);

    public static RoutePattern Of(string pattern) =>
        RoutePatternFactory.Parse(pattern, defaults: null, parameterPolicies: new RouteValueDictionary { [Parameter] = new WorkspaceName() });

    public static bool Is(string text) => NewId.Is("ws", text) || !WorkspaceSettingsRules.Slug(text).Any();

    public bool Match(HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection) =>
        values[routeKey] is string text && Is(text);
}
