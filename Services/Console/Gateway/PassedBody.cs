using System.Net;

namespace Allocora.Console;

/// <summary>The caller's body on its way to a service: a piece is read when the one before it has been taken.</summary>
internal sealed class PassedBody : HttpContent
{
    private const int PieceSize = 32 * 1024;
    private readonly HttpRequest from;
    private readonly Action advanced;
    private readonly CancellationTokenSource ending = new();
    private Task passing = Task.CompletedTask;

    /// <param name="advanced">Called for every piece.</param>
    public PassedBody(HttpRequest from, Action advanced)
    {
        (this.from, this.advanced) = (from, advanced);
        Headers.ContentLength = from.ContentLength;
    }

    /// <summary>Why the caller's side stopped, if it did.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>Nobody reads the request after this: the service may have answered before it had all of it.</summary>
    public async Task End()
    {
        await ending.CancelAsync();
        await passing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = from.ContentLength ?? 0;
        return from.ContentLength is not null;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        passing = Pass(stream, cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing) ending.Dispose();
        base.Dispose(disposing);
    }

    private async Task Pass(Stream to, CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, ending.Token);
        var piece = new byte[PieceSize];
        while (await Read(piece, either.Token) is > 0 and var length)
        {
            await to.WriteAsync(piece.AsMemory(0, length), either.Token);
            await to.FlushAsync(either.Token);
            advanced();
        }
    }

    private async Task<int> Read(byte[] piece, CancellationToken ct)
    {
        try
        {
            return await from.Body.ReadAsync(piece, ct);
        }
        catch (IOException e)
        {
            // The client wraps it as if it were the service's.
            Fault = e as BadHttpRequestException ?? new BadHttpRequestException("The body cannot be read as it was sent.", e);
            throw;
        }
    }
}
