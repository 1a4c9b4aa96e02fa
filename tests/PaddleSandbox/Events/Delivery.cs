using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;

namespace Allocora.PaddleSandbox.Events;

/// <summary>What came back from a destination; code 0 when nothing did.</summary>
internal sealed record Reply(int Code, string? ContentType, string Body);

/// <summary>One signed call to a destination, which has five seconds to answer it.</summary>
internal sealed class Delivery(TimeProvider time) : IDisposable
{
    private const int MostOfBody = 500;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <returns>Null when the sandbox stopped meanwhile.</returns>
    public async Task<Reply?> Post(string address, JsonObject payload, IEnumerable<string> secrets, CancellationToken stopping)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stopping);
        var body = Answer.Bytes(payload);
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json") { CharSet = "utf-8" };
        request.Headers.UserAgent.ParseAdd("Paddle");
        // Receivers compare it with their own clock, so it is the machine's and not the sandbox's.
        request.Headers.Add("Paddle-Signature", Signature.Header(secrets, time.GetUtcNow().ToUnixTimeSeconds(), body));
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, both.Token);
            return new((int)response.StatusCode, response.Content.Headers.ContentType?.ToString(), await Beginning(response.Content, both.Token));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return null;
        }
        catch (OperationCanceledException)
        {
            return new(0, null, "No answer within 5 seconds.");
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException or HttpProtocolException)
        {
            return new(0, null, broken.Message);
        }
    }

    public void Dispose() => http.Dispose();

    private static async Task<string> Beginning(HttpContent content, CancellationToken ct)
    {
        var beginning = new byte[MostOfBody];
        await using var stream = await content.ReadAsStreamAsync(ct);
        var read = await stream.ReadAtLeastAsync(beginning, MostOfBody, throwOnEndOfStream: false, ct);
        return Encoding.UTF8.GetString(beginning, 0, read);
    }
}
