using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Api;

/// <summary>The two kinds of endpoints there are: those that read, and those that take a body and change the account, one after another.</summary>
internal static class Endpoints
{
    public static void Read(
        this IEndpointRouteBuilder routes, string path, string? permission, Func<HttpContext, Answer> answer, bool keyIsOptional = false,
        string[]? takes = null) =>
        routes.MapGet(path, (Delegate)(IResult (HttpContext http) => answer(http))).WithMetadata(new Needs(permission, keyIsOptional, takes));

    /// <summary>What changes the account without a body: DELETE, or a POST that only says do.</summary>
    public static void Act(
        this IEndpointRouteBuilder routes, string method, string path, string? permission, Account account, Func<HttpContext, long, Answer> change)
    {
        IResult Handle(HttpContext http)
        {
            return Change(account, now => change(http, now));
        }
        routes.MapMethods(path, [method], (Delegate)Handle).WithMetadata(new Needs(permission));
    }

    /// <param name="routes">Where it is added.</param>
    /// <param name="method">POST or PATCH.</param>
    /// <param name="path">Its address.</param>
    /// <param name="permission">What the key needs.</param>
    /// <param name="account">What it changes.</param>
    /// <param name="change">Gets the body and the time, and has the account for itself.</param>
    public static void Write(
        this IEndpointRouteBuilder routes, string method, string path, string? permission, Account account, Func<HttpContext, JsonObject, long, Answer> change)
    {
        async Task<IResult> Handle(HttpContext http)
        {
            var body = await Body.Read(http);
            return Change(account, now => change(http, body, now));
        }
        routes.MapMethods(path, [method], (Delegate)Handle).WithMetadata(new Needs(permission));
    }

    public static Answer Change(Account account, Func<long, Answer> change)
    {
        try
        {
            return account.Change(change);
        }
        catch (Exception odd) when (odd is InvalidOperationException or FormatException or OverflowException or ArgumentException or NullReferenceException)
        {
            // What was put in as it is may hold anything, and amounts may be as large as somebody likes.
            Console.Error.WriteLine(odd);
            throw new Refused(400, "bad_request", $"The request, or an object it is about, holds something that cannot be reckoned with: {odd.Message}");
        }
    }

    /// <summary>The id in the address.</summary>
    public static string Id(this HttpContext http) => (string)http.Request.RouteValues["id"]!;

    /// <summary>The object with this id as it is now, or 404.</summary>
    public static JsonObject Existing(this Collection of, string entity, string id, long now) =>
        of.Find(id, now)?.Render(now) ?? throw Refused.Unknown(entity, id);
}
