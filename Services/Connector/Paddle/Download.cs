using System.Net;

namespace Allocora.Connector;

/// <summary>Fetches a file from an address that came over the wire.</summary>
internal sealed class Download(HttpClient http, PaddleOptions options, TimeProvider time)
{
    private const int RedirectsMax = 3;

    private static readonly TimeSpan InAll = TimeSpan.FromMinutes(10);

    public async Task Run(string url, Stream to, long max, CancellationToken ct)
    {
        // Silence ends it soon, and dripping in the end.
        using var silence = new CancellationTokenSource(options.AttemptTimeout, time);
        using var limit = new CancellationTokenSource(InAll, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, silence.Token, limit.Token);
        try
        {
            using var response = await Follow(url, either.Token);
            var isAll = await AnswerBody.Copy(response.Content, to, max, () => silence.CancelAfter(options.AttemptTimeout), either.Token);
            if (!isAll) throw new PaddleNonsenseException("provider-too-large", $"The file is larger than {max} bytes.");
        }
        catch (Exception e) when (!ct.IsCancellationRequested && IsInward(e))
        {
            throw Elsewhere(e);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && PaddleWire.Explain(e) is { } explained)
        {
            throw explained;
        }
    }

    private async Task<HttpResponseMessage> Follow(string url, CancellationToken ct)
    {
        var next = Uri.TryCreate(url, UriKind.Absolute, out var first) ? first : throw Elsewhere();
        for (var redirects = 0; redirects <= RedirectsMax; redirects++)
        {
            if (!MayBeCalled(next)) throw Elsewhere();
            using var request = new HttpRequestMessage(HttpMethod.Get, next);
            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            if (response.StatusCode == HttpStatusCode.OK) return response;
            using (response) next = Redirect(next, response);
        }
        throw new PaddleNonsenseException("provider-invalid", $"The file's address leads on more than {RedirectsMax} times.");
    }

    private static Uri Redirect(Uri from, HttpResponseMessage response) => (int)response.StatusCode switch
    {
        301 or 302 or 303 or 307 or 308 when Uri.TryCreate(from, response.Headers.Location, out var to) => to,
        >= 500 and var status => throw new PaddleUnavailableException("provider-error", $"The file's server answers {status}."),
        >= 400 and var status => throw new PaddleRefusedException(status, "unknown", null),
        var status => throw new PaddleNonsenseException("provider-invalid", $"The file's server answers {status}."),
    };

    // What the name resolves to is the guard's business, at the moment of connecting.
    private bool MayBeCalled(Uri address) => address.UserInfo == ""
        && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && options.IsConfigured(address.IdnHost, address.Port)));

    private static bool IsInward(Exception e) => e is AddressRefusedException || (e.InnerException is { } inner && IsInward(inner));

    private static PaddleNonsenseException Elsewhere(Exception? cause = null) =>
        new("provider-invalid", "The file's address is not one that files are fetched from.", cause);
}
