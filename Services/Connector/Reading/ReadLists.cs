using System.Buffers;
using System.Text.Json;

namespace Allocora.Connector;

/// <summary>A page of a list whose rows are no evidence of revenue.</summary>
internal sealed record ListPage(IReadOnlyList<JsonElement> Rows, string? NextAfter, long? EstimatedTotal)
{
    /// <summary>The rows that are what they should be; others are left out, for nothing is reckoned with them.</summary>
    public List<T> Read<T>(Func<JsonElement, T?> read) where T : class => [.. Rows.Select(read).OfType<T>()];
}

internal static class ReadLists
{
    public static readonly SearchValues<char> IdCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789");

    public static ListPage Read(ReadOnlyMemory<byte> body, Uri origin, string path) => throw new NotSupportedException($"{body.Length} {origin} {path}");
}
