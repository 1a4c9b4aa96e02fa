namespace Allocora.Testing;

/// <summary>Sends each request with a token made for it: a token is good for five minutes, and a test may take longer or have a clock of its own.</summary>
public sealed class FreshBearer(Func<string> mint) : DelegatingHandler(new SocketsHttpHandler { UseProxy = false })
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.Authorization = new("Bearer", mint());
        return base.SendAsync(request, cancellationToken);
    }
}
