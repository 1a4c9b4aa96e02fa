using System.Security.Cryptography;
using System.Text;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Http.Features;
using Npgsql;

namespace Allocora.Console;

/// <summary>
/// A POST that its sender named with the header Idempotency-Key is done once: sent again, it gets the answer of the first time.
/// </summary>
internal sealed partial class DoOnce(RequestDelegate next, NamedRequests requests, IdempotencyOptions options, TimeProvider time, ILogger<DoOnce> logger)
{
    public const string Header = "Idempotency-Key", Replayed = "Idempotency-Replayed";
    private const int KeyMax = 255, AnswerMax = 256 * 1024, HeldInMemory = 64 * 1024;
    private static readonly string[] Kept = ["Content-Type", "Location", "ETag"];

    public async Task Invoke(HttpContext http)
    {
        if (!Applies(http))
        {
            await next(http);
            return;
        }
        if (http.Request.Headers[Header] is not [{ Length: >= 1 and <= KeyMax } key] || key.Any(c => c is < '!' or > '~'))
        {
            await Problems.Refuse(400, "validation", $"{Header} is 1 to {KeyMax} visible ASCII characters, given once.").ExecuteAsync(http);
            return;
        }
        var name = NameOf(http, key);
        var fingerprint = await Fingerprint(http);
        Claimed claim;
        try
        {
            claim = await requests.Claim(name, fingerprint, http.RequestAborted);
        }
        catch (NpgsqlException e)
        {
            // Without the table nobody can tell whether it was done already.
            NotLooked(e);
            http.Response.Headers.RetryAfter = "1";
            await Problems.Refuse(503, "upstream-unavailable", "It cannot be told whether this was done before; nothing was done now.").ExecuteAsync(http);
            return;
        }
        if (claim.Run is { } run) await Run(http, name, run);
        else await Reply(http, claim);
    }

    private static bool Applies(HttpContext http) =>
        HttpMethods.IsPost(http.Request.Method) && http.Request.Path.StartsWithSegments("/api/v1") && http.Request.Headers.ContainsKey(Header)
        && http.User.Identity is { IsAuthenticated: true } && http.GetEndpoint()?.Metadata.GetMetadata<EndpointAccess>() is { IsForAnyone: false };

    // A key may do less than its owner, so it does not get the owner's answers; a person who signs in again is still the same.
    private static RequestName NameOf(HttpContext http, string key)
    {
        var caller = Caller.Of(http);
        var isKey = caller.Via.StartsWith("key:", StringComparison.Ordinal);
        return new(http.Features.Get<Grant>()?.Workspace ?? Journal.Platform, isKey ? caller.Via : caller.Subject, key);
    }

    private static async Task<byte[]> Fingerprint(HttpContext http)
    {
        var request = http.Request;
        request.EnableBuffering(HeldInMemory);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{request.Method}\n{request.Path}{request.QueryString}\n"));
        var piece = new byte[16 * 1024];
        try
        {
            while (await request.Body.ReadAsync(piece, http.RequestAborted) is > 0 and var length) hash.AppendData(piece, 0, length);
        }
        catch (IOException e) when (e is not BadHttpRequestException)
        {
            throw new BadHttpRequestException("The body cannot be read as it was sent.", e);
        }
        request.Body.Position = 0;
        return hash.GetHashAndReset();
    }

    private static async Task Reply(HttpContext http, Claimed claim)
    {
        switch (claim)
        {
            case { Outcome: ClaimOutcome.Answered, Answer: { } answer }:
                http.Response.StatusCode = answer.Status;
                foreach (var (header, value) in answer.Headers) http.Response.Headers[header] = value;
                http.Response.Headers[Replayed] = "true";
                if (answer.Body.Length == 0) break;
                http.Response.ContentLength = answer.Body.Length;
                await http.Response.Body.WriteAsync(answer.Body, http.RequestAborted);
                break;
            case { Outcome: ClaimOutcome.Reused }:
                await Problems.Refuse(422, "idempotency-key-reused", $"This {Header} was used for another request.").ExecuteAsync(http);
                break;
            case { Outcome: ClaimOutcome.AnswerLost }:
                await Problems.Refuse(409, "idempotency-answer-lost", "This was done, and its answer can no longer be shown.").ExecuteAsync(http);
                break;
            default:
                http.Response.Headers.RetryAfter = "1";
                await Problems.Refuse(409, "idempotency-in-progress", "The same request is still being done.").ExecuteAsync(http);
                break;
        }
    }

    private async Task Run(HttpContext http, RequestName name, string run)
    {
        var sending = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        await using var body = new RecordedBody(sending.Stream, AnswerMax);
        var recording = new StreamResponseBodyFeature(body, sending);
        http.Features.Set<IHttpResponseBodyFeature>(recording);
        StoredAnswer? answer = null;
        try
        {
            using var ended = new CancellationTokenSource();
            var renewing = Renew(name, run, ended.Token);
            try
            {
                await next(http);
                await recording.Writer.FlushAsync(CancellationToken.None);
            }
            finally
            {
                await ended.CancelAsync();
                await renewing;
            }
            // One that is too large is not kept: sent again it is done again, and the service knows it by the key.
            if (body.IsWhole) answer = Answer(http.Response, body.Held);
        }
        finally
        {
            http.Features.Set(sending);
            await Settle(name, run, answer is { } whole && IsLasting(whole.Status) ? whole : null);
        }
        // Not before it is stored, so that who has seen the answer gets the same again.
        if (answer is { Body.Length: > 0 }) await sending.Stream.WriteAsync(answer.Body, http.RequestAborted);
    }

    // What may be otherwise the next time is no answer to keep.
    private static bool IsLasting(int status) => status is < 500 and not (401 or 403 or 404 or 408 or 429 or 499);

    private static StoredAnswer Answer(HttpResponse response, byte[] body) => new(response.StatusCode,
        Kept.Where(response.Headers.ContainsKey).ToDictionary(header => header, header => response.Headers[header].ToString()), body);

    // The caller may have gone: the work is done all the same, and whoever sends it again has to learn of it.
    private async Task Settle(RequestName name, string run, StoredAnswer? answer)
    {
        using var patience = new CancellationTokenSource(options.Lease, time);
        try
        {
            if (answer is null) await requests.Free(name, run, patience.Token);
            else await requests.Keep(name, run, answer, patience.Token);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            NotSettled(e, options.Lease);
        }
    }

    private async Task Renew(RequestName name, string run, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(options.Lease / 3, time);
        try
        {
            while (await timer.WaitForNextTickAsync(ct))
            {
                try
                {
                    await requests.Renew(name, run, ct);
                }
                catch (NpgsqlException e)
                {
                    NotSettled(e, options.Lease);
                }
            }
        }
        catch (OperationCanceledException)
        {
            return; // it is done
        }
    }

    [LoggerMessage(LogLevel.Warning, "A request with an idempotency key was refused: the table of keys does not answer")]
    private partial void NotLooked(Exception e);

    [LoggerMessage(LogLevel.Warning, "What became of a request with an idempotency key is not stored; after {Lease} it may be done again")]
    private partial void NotSettled(Exception e, TimeSpan lease);
}
