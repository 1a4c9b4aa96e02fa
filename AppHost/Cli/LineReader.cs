using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;

namespace Allocora.Cli;

/// <summary>The lines of a file as JSON documents, one at a time, so that a file may be of any length.</summary>
internal static class LineReader
{
    private const int LineMax = 64 * 1024 * 1024, DepthMax = 128;

    // What is said twice is read one way by one program and another way by the next.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = DepthMax };

    /// <param name="prefix">Only lines that begin with it.</param>
    /// <returns>The number of the line, from 1, and what stands in it; null where that is no JSON document, or the line has no end.</returns>
    public static async IAsyncEnumerable<(long Number, JsonDocument? Content)> Read(string path, ReadOnlyMemory<byte> prefix = default)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1, FileOptions.SequentialScan);
        var pipe = PipeReader.Create(file, new(bufferSize: 256 * 1024));
        var number = 0L;
        while (true)
        {
            var read = await pipe.ReadAsync();
            var rest = read.Buffer;
            while (rest.PositionOf((byte)'\n') is { } end)
            {
                number++;
                var line = rest.Slice(0, end);
                rest = rest.Slice(rest.GetPosition(1, end));
                if (!Begins(line, prefix.Span)) continue;
                using var content = Parse(line);
                yield return (number, content);
            }
            var isTooLong = rest.Length > LineMax;
            if ((read.IsCompleted && !rest.IsEmpty && Begins(rest, prefix.Span)) || isTooLong) yield return (number + 1, null);
            if (read.IsCompleted || isTooLong) break;
            pipe.AdvanceTo(rest.Start, rest.End);
        }
    }

    private static bool Begins(ReadOnlySequence<byte> line, ReadOnlySpan<byte> prefix) =>
        line.Length >= prefix.Length && line.Slice(0, prefix.Length).ToArray().AsSpan().SequenceEqual(prefix);

    private static JsonDocument? Parse(ReadOnlySequence<byte> line)
    {
        try
        {
            return JsonDocument.Parse(line, Strict);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
