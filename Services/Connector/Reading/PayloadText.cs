using System.IO.Compression;

namespace Allocora.Connector;

/// <summary>A payload as it lies in the database.</summary>
internal static class PayloadText
{
    private const int Quality = 4, Window = 18;

    public static byte[] Compress(ReadOnlySpan<byte> text)
    {
        var room = new byte[BrotliEncoder.GetMaxCompressedLength(text.Length)];
        return BrotliEncoder.TryCompress(text, room, out var written, Quality, Window)
            ? room[..written]
            : throw new InvalidOperationException("A payload could not be compressed.");
    }

    public static byte[] Decompress(byte[] body)
    {
        using var from = new BrotliStream(new MemoryStream(body), CompressionMode.Decompress);
        using var text = new MemoryStream(body.Length * 4);
        from.CopyTo(text);
        return text.ToArray();
    }
}
