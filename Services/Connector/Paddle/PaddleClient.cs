using System.Net.Http.Headers;
using System.Net.Mime;
using System.Text;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Allocora.Connector;

/// <summary>Calls Paddle's API: within the budget all share, with nobody's key but the given one, and nowhere else.</summary>
internal sealed partial class PaddleClient(
    CallGate gate, CallBudget budget, IOptions<PaddleOptions> options, TimeProvider time, ILogger<PaddleClient> logger) : IDisposable
{
    private static readonly TimeSpan
        ComeBackUnasked = TimeSpan.FromSeconds(60), ComeBackMin = TimeSpan.FromSeconds(1), ComeBackMax = TimeSpan.FromMinutes(10),
        BudgetPatience = TimeSpan.FromSeconds(5);

    private const int RefusalMax = 64 << 10;

    private readonly HttpClient http = PaddleWire.Open(options.Value);
    private readonly Dictionary<string, Breaker> breakers = new() { ["live"] = new(time), ["sandbox"] = new(time) };

    /// <summary>One call, made once. What cannot be answered is an exception that says whose fault it is.</summary>
    /// <param name="pathAndQuery">Such as <c>/transactions?per_page=30</c>.</param>
    public Task<PaddleAnswer> Get(PaddleAccess access, Urgency urgency, string pathAndQuery, CancellationToken ct) =>
        Call(access, urgency, HttpMethod.Get, pathAndQuery, null, ct);

    /// <summary>Orders something, such as a report.</summary>
    public Task<PaddleAnswer> Post(PaddleAccess access, Urgency urgency, string path, string json, CancellationToken ct) =>
        Call(access, urgency, HttpMethod.Post, path, json, ct);

    /// <summary>
    /// Fetches a file of Paddle's, such as a report's, from the address Paddle gave: without the key, and from no address that is not public.
    /// When it throws, a part may have been written.
    /// </summary>
    public Task Download(string url, Stream to, long max, CancellationToken ct) => new Download(http, options.Value, time).Run(url, to, max, ct);

    public void Dispose() => http.Dispose();

    private async Task<PaddleAnswer> Call(PaddleAccess access, Urgency urgency, HttpMethod method, string pathAndQuery, string? json, CancellationToken ct)
    {
        var address = AddressOf(access.Environment, pathAndQuery);
        if (!CanBeSent(access.Key)) throw new PaddleRefusedException(403, "authentication_malformed", null);
        var breaker = breakers[access.Environment];
        breaker.Check(); // before a place is taken in the queue
        using var place = await gate.Enter(access.Workspace, urgency, ct);
        var entered = breaker.Enter();
        var told = false;
        try
        {
            var answer = await Make(access, method, address, json, ct);
            breaker.Succeeded(entered);
            told = true;
            return answer;
        }
        catch (PaddleUnavailableException e) when (e.Code != "rate-limited")
        {
            breaker.Failed(entered, e.ComeBackIn);
            told = true;
            throw;
        }
        catch (Exception e) when (e is PaddleRefusedException or PaddleNonsenseException or PaddleUnavailableException)
        {
            breaker.Succeeded(entered);
            told = true;
            throw;
        }
        finally
        {
            if (!told) breaker.Abandoned(entered);
        }
    }

    private Uri AddressOf(string environment, string pathAndQuery)
    {
        var origin = options.Value.AddressOf(environment);
        var isPath = pathAndQuery is ['/', not ('/' or '\\'), ..] or "/";
        if (isPath && Uri.TryCreate(origin.GetLeftPart(UriPartial.Authority) + pathAndQuery, UriKind.Absolute, out var address)
            && address.GetLeftPart(UriPartial.Authority) == origin.GetLeftPart(UriPartial.Authority)) return address;
        throw new ArgumentException("A call of Paddle's API is to a path of it, from / on.", nameof(pathAndQuery));
    }

    private async Task<PaddleAnswer> Make(PaddleAccess access, HttpMethod method, Uri address, string? json, CancellationToken ct)
    {
        using var patience = new CancellationTokenSource(options.Value.AttemptTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, patience.Token);
        using var request = new HttpRequestMessage(method, address);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Encoding.ASCII.GetString(access.Key.Reveal()));
        request.Headers.Add("Paddle-Version", "1");
        request.Headers.Accept.Add(new(MediaTypeNames.Application.Json));
        if (json is not null) request.Content = new StringContent(json, Encoding.UTF8, MediaTypeNames.Application.Json);
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return await Read(response, either.Token);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && PaddleWire.Explain(e) is { } explained)
        {
            throw explained;
        }
    }

    private async Task<PaddleAnswer> Read(HttpResponseMessage response, CancellationToken ct)
    {
        var status = (int)response.StatusCode;
        var at = response.Headers.Date ?? time.GetUtcNow();
        if (status == 429) throw await Throttled(ComeBackIn(response, at) ?? ComeBackUnasked);
        if (status is >= 500 or 408) throw new PaddleUnavailableException("provider-error", $"Paddle answers {status}.", ComeBackIn(response, at));
        if (status is < 200 or (>= 300 and < 400))
            throw new PaddleNonsenseException("provider-invalid", $"Paddle answers {status}, which leads elsewhere and is not followed.");
        if (status >= 400)
        {
            var refusal = await AnswerBody.Read(response.Content, RefusalMax, ct) ?? [];
            var (code, id) = Envelope.OfRefusal(refusal);
            throw new PaddleRefusedException(status, code, id ?? Envelope.RequestId(response));
        }
        if (!IsJson(response.Content.Headers.ContentType))
            throw new PaddleNonsenseException("provider-invalid", $"Paddle answers {status} with something that is not JSON.");
        var body = await AnswerBody.Read(response.Content, options.Value.AnswerMax, ct)
            ?? throw new PaddleNonsenseException("provider-too-large", $"Paddle's answer is larger than {options.Value.AnswerMax} bytes.");
        return new(status, body, at, Envelope.RequestId(response) ?? Envelope.RequestId(body));
    }

    private async Task<PaddleUnavailableException> Throttled(TimeSpan comeBackIn)
    {
        ConnectorTelemetry.Throttled.Add(1);
        gate.Pause(comeBackIn);
        ToldToWait(comeBackIn);
        try
        {
            // Also when whoever made the call has given up: the others must know.
            using var patience = new CancellationTokenSource(BudgetPatience, time);
            await budget.Blocked(comeBackIn, patience.Token);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            NotShared(e);
        }
        return new("rate-limited", "Paddle has been called too often and says to wait.", comeBackIn);
    }

    private static TimeSpan? ComeBackIn(HttpResponseMessage response, DateTimeOffset at)
    {
        var asked = response.Headers.RetryAfter is { } retry ? retry.Delta ?? (retry.Date - at) : null;
        return asked is { } wait ? TimeSpan.FromTicks(Math.Clamp(wait.Ticks, ComeBackMin.Ticks, ComeBackMax.Ticks)) : null;
    }

    private static bool IsJson(MediaTypeHeaderValue? type) =>
        type?.MediaType is { } name && (name == MediaTypeNames.Application.Json || name.EndsWith("+json", StringComparison.Ordinal));

    // What is no header value would be quoted by the exception that says so.
    private static bool CanBeSent(Secret key) => key.Reveal() is { Length: > 0 } bytes && !bytes.ContainsAnyExceptInRange((byte)'!', (byte)'~');

    [LoggerMessage(LogLevel.Warning, "Paddle says to make no calls for {ComeBackIn}")]
    private partial void ToldToWait(TimeSpan comeBackIn);

    [LoggerMessage(LogLevel.Error, "Other programs behind this address do not know that Paddle says to make no calls")]
    private partial void NotShared(Exception e);
}
