using System.Net;
using Allocora.PaddleSandbox.Control;
using Allocora.PaddleSandbox.World;
using Microsoft.AspNetCore.Http.Features;

namespace Allocora.PaddleSandbox.Api;

/// <summary>
/// What every call of the API goes through: request id and date, the count of calls, the faults that were asked for, the key, what it may send,
/// and errors in Paddle's envelope.
/// </summary>
internal sealed class Edge(Account account, RateLimit limit, Counters counters, Faults faults)
{
    private const int MostBytes = 1 << 20;

    public async Task Invoke(HttpContext http, RequestDelegate next)
    {
        // Only a name for a call: chance that need not be the same twice.
        http.TraceIdentifier = Guid.NewGuid().ToString();
        http.Response.Headers["Request-Id"] = http.TraceIdentifier;
        http.Response.Headers.Date = Instants.Time(account.Clock.Now).ToString("R");
        http.Response.OnStarting(() => Answering(http));
        if (limit.HasToWait(Address(http))) counters.InsideRetryAfter();
        if (limit.Refuses(Address(http), Route(http).EndsWith("preview", StringComparison.Ordinal)) is { } seconds)
        {
            counters.OverLimit();
            await Refuse(http, new Refused(429, "too_many_requests", "Too many requests were made in a minute.") { RetryAfter = seconds });
            return;
        }
        var isAnswered = await faults.Around(http, () => Serve(http, next), refused => Refuse(http, refused));
        if (isAnswered) return;
        counters.Answered(Route(http), 0, KeyId(http));
        http.Abort();
    }

    private async Task Serve(HttpContext http, RequestDelegate next)
    {
        try
        {
            CheckVersion(http);
            Access.Check(http, account);
            await CheckAddress(http);
            CheckBody(http);
            if (http.GetEndpoint()?.Metadata.GetMetadata<Needs>()?.Takes is { } takes) Asked.OnlyKnown(http.Request, account.Choices, takes);
            await next(http);
        }
        catch (Refused refused)
        {
            await Refuse(http, refused);
        }
        catch (BadHttpRequestException wrong) when (wrong.StatusCode == 413)
        {
            await Refuse(http, TooLarge);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for the answer any more.
        }
        catch (Exception broken) when (!http.Response.HasStarted)
        {
            await Console.Error.WriteLineAsync($"{http.Request.Method} {http.Request.Path} ({http.TraceIdentifier}): {broken}");
            await Refuse(http, new Refused(500, "internal_error", "Something went wrong in the sandbox."));
        }
    }

    private Task Refuse(HttpContext http, Refused refused)
    {
        var type = refused.Status == 429 ? account.Choices.TooManyType : refused.Status >= 500 ? "api_error" : "request_error";
        return Answer.Refuse(http, refused, type);
    }

    // Before the first byte of the answer: who has it finds it counted.
    private Task Answering(HttpContext http)
    {
        var status = http.Response.StatusCode;
        if (status is 429 or 503 && int.TryParse(http.Response.Headers.RetryAfter, out var seconds)) limit.Told(Address(http), seconds);
        counters.Answered(Route(http), status, KeyId(http));
        return Task.CompletedTask;
    }

    private static Refused TooLarge => new(413, "request_body_too_large", "The request body is larger than 1 MB.");

    private static void CheckVersion(HttpContext http)
    {
        if (http.Request.Headers["Paddle-Version"] is { Count: > 0 } version && version != "1")
            throw new Refused(400, "bad_request", "Invalid request.", new FieldError("Paddle-Version", "must be 1"));
    }

    private static async Task CheckAddress(HttpContext http)
    {
        var endpoint = http.GetEndpoint() ?? throw new Refused(404, "invalid_url", "There is nothing at this address.");
        if (endpoint is RouteEndpoint) return;

        // Routing's own answer to another method; it says which there are.
        await endpoint.RequestDelegate!(http);
        throw new Refused(405, "method_not_allowed", $"{http.Request.Method} is not possible at this address.");
    }

    private static void CheckBody(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = MostBytes;
        if (http.Request.ContentLength > MostBytes) throw TooLarge;
        var hasBody = http.Request.ContentLength > 0 || http.Request.Headers.TransferEncoding.Count > 0;
        if (hasBody && !http.Request.HasJsonContentType())
            throw new Refused(415, "unsupported_media_type", "The request body has to be application/json.");
    }

    private static string Route(HttpContext http) => http.GetEndpoint() is RouteEndpoint route
        ? $"{http.Request.Method} {route.RoutePattern.RawText}"
        : $"{http.Request.Method} (none)";

    private static string? KeyId(HttpContext http) => (http.Items[typeof(ApiKey)] as ApiKey)?.Id;

    private static IPAddress Address(HttpContext http) => http.Connection.RemoteIpAddress ?? IPAddress.None;
}
