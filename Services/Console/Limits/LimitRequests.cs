using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Allocora.Contracts.Events;
using Allocora.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace Allocora.Console;

/// <summary>
/// Turns away who comes too often, so that one caller does not slow the others: by address before it is known who asks, by caller
/// before it is looked up what the caller may do, by workspace only once the caller is known to be a member of it.
/// </summary>
internal sealed class LimitRequests(IOptions<LimitOptions> options, Journal journal, TimeProvider time)
{
    // Whoever posts there shows a secret: a link, or an invitation.
    private static readonly PathString[] SignInPaths = ["/sign-in", "/invites"];

    private readonly RateLimit byAddress = new("address", options.Value.Address, time);
    private readonly RateLimit signIns = new("sign-in", options.Value.SignIn, time);
    private readonly RateLimit byCaller = new("caller", options.Value.Caller, time);
    private readonly RateLimit byWorkspace = new("workspace", options.Value.Workspace, time);

    public Task ByAddress(HttpContext http, RequestDelegate next) =>
        IsApi(http) ? Take(http, next, byAddress, PartitionOf(http.Connection.RemoteIpAddress))
        : IsSignIn(http) ? Take(http, next, signIns, PartitionOf(http.Connection.RemoteIpAddress))
        : next(http);

    public Task ByCaller(HttpContext http, RequestDelegate next)
    {
        if (!IsApi(http) || http.User.Identity is not { IsAuthenticated: true }) return next(http);
        var caller = Caller.Of(http);
        // A person is one caller in all sessions; each key is one of its own.
        return Take(http, next, byCaller, caller.Via.StartsWith("key:", StringComparison.Ordinal) ? caller.Via : caller.Subject);
    }

    public Task ByWorkspace(HttpContext http, RequestDelegate next) =>
        IsApi(http) && http.Features.Get<Grant>()?.Workspace is { } workspace ? Take(http, next, byWorkspace, workspace) : next(http);

    /// <summary>An address, or of the newer kind the network it is in: who has one of them has all.</summary>
    public static string PartitionOf(IPAddress? address)
    {
        if (address is null) return "unknown";
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexStringLower(address.GetAddressBytes().AsSpan(0, 8)) : $"{address}";
    }

    private static bool IsApi(HttpContext http) => http.Request.Path.StartsWithSegments("/api/v1");

    private static bool IsSignIn(HttpContext http) =>
        HttpMethods.IsPost(http.Request.Method) && SignInPaths.Any(path => http.Request.Path.StartsWithSegments(path));

    private async Task Take(HttpContext http, RequestDelegate next, RateLimit limit, string partition)
    {
        var verdict = limit.Take(partition);
        Tell(http, limit, verdict);
        if (verdict.IsAllowed)
        {
            await next(http);
            return;
        }
        http.Response.StatusCode = StatusCodes.Status429TooManyRequests;
        var detail = string.Create(CultureInfo.InvariantCulture, $"Come back in {Seconds(verdict.RetryAfter)} s.");
        http.Features.Set(new Refused(StatusCodes.Status429TooManyRequests, Detail: detail));
        if (!verdict.IsNews) return;
        var happened = new RateLimited(limit.Name, JournalRefusals.MethodOf(http), JournalRefusals.RouteOf(http));
        journal.Note(await WorkspaceOf(http), Journal.Door, happened, Journal.OriginOf(http));
    }

    // Once a minute the look-up that was spared is made after all, so that the right people get to know.
    private static async ValueTask<string> WorkspaceOf(HttpContext http)
    {
        if (http.Features.Get<Grant>() is { } known) return known.Workspace ?? Journal.Platform;
        if (http.User.Identity is not { IsAuthenticated: true } || http.GetRouteValue("ws") is not string named) return Journal.Platform;
        return (await http.RequestServices.GetRequiredService<IGrants>().Of(http, named))?.Workspace ?? Journal.Platform;
    }

    // As draft-ietf-httpapi-ratelimit-headers has it. As late as possible: whoever makes a page of the refusal clears the headers.
    private static void Tell(HttpContext http, RateLimit limit, LimitVerdict verdict) => http.Response.OnStarting(() =>
    {
        var headers = http.Response.Headers;
        headers.Append("RateLimit-Policy", string.Create(CultureInfo.InvariantCulture, $"\"{limit.Name}\";q={limit.PerMinute};w=60"));
        headers.Append("RateLimit", string.Create(CultureInfo.InvariantCulture, $"\"{limit.Name}\";r={verdict.Remaining};t={Seconds(verdict.Reset)}"));
        if (!verdict.IsAllowed) headers.RetryAfter = Seconds(verdict.RetryAfter).ToString(CultureInfo.InvariantCulture);
        return Task.CompletedTask;
    });

    private static long Seconds(TimeSpan time) => (time.Ticks + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond;
}

internal static class Limiting
{
    public static void AddLimits(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidated<LimitOptions>("Limits");
        builder.Services.AddSingleton<LimitRequests>();
    }

    /// <summary>Learns who calls, and turns away who may not; and notes whom.</summary>
    public static void UseDoor(this WebApplication app)
    {
        var limits = app.Services.GetRequiredService<LimitRequests>();
        app.Use(limits.ByAddress);
        app.UseAuthentication();
        app.UseMiddleware<JournalRefusals>();
        app.UseSignInGate();
        app.Use(limits.ByCaller);
        app.UseAccess();
        app.Use(limits.ByWorkspace);
    }
}
