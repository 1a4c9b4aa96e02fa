using System.Buffers;

namespace Allocora.Connector;

/// <summary>Reads what a server sends up to a limit, which holds for the bytes after decompression and for the memory they take.</summary>
internal static class AnswerBody
{
    // Smaller than what the runtime keeps apart from other objects.
    private const int Piece = 64 << 10;

    /// <summary>All of it; null when it is more than <paramref name="max"/> bytes.</summary>
    public static async Task<byte[]?> Read(HttpContent content, int max, CancellationToken ct)
    {
        if (content.Headers.ContentLength > max) return null;
        await using var from = await content.ReadAsStreamAsync(ct);
        var pieces = new List<byte[]>();
        long length = 0;
        while (true)
        {
            var piece = new byte[Piece];
            var read = await from.ReadAtLeastAsync(piece, Piece, throwOnEndOfStream: false, ct);
            length += read;
            if (length > max) return null;
            pieces.Add(piece);
            if (read == Piece) continue;
            var all = new byte[length];
            for (var at = 0; at < pieces.Count; at++) pieces[at].AsSpan(0, (int)Math.Min(Piece, length - ((long)at * Piece))).CopyTo(all.AsSpan(at * Piece));
            return all;
        }
    }

    /// <summary>Passes it on as it comes. False when it is more than <paramref name="max"/> bytes, of which no more were passed on.</summary>
    /// <param name="goesOn">Told whenever something came.</param>
    public static async Task<bool> Copy(HttpContent content, Stream to, long max, Action goesOn, CancellationToken ct)
    {
        if (content.Headers.ContentLength > max) return false;
        await using var from = await content.ReadAsStreamAsync(ct);
        var piece = ArrayPool<byte>.Shared.Rent(Piece);
        try
        {
            for (long length = 0; ;)
            {
                var read = await from.ReadAsync(piece, ct);
                if (read == 0) return true;
                goesOn();
                length += read;
                if (length > max) return false;
                await to.WriteAsync(piece.AsMemory(0, read), ct);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }
}
