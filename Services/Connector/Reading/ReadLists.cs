using System.Diagnostics;
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
    private const int RowsMax = 200, DepthMax = 256;

    /// <exception cref="PaddleNonsenseException">This is no page of a list.</exception>
    public static ListPage Read(ReadOnlyMemory<byte> body, Uri origin, string path)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = DepthMax });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Array
                || data.GetArrayLength() > RowsMax || !root.TryGetProperty("meta", out var meta) || meta.ValueKind != JsonValueKind.Object
                || !meta.TryGetProperty("pagination", out var pagination) || pagination.ValueKind != JsonValueKind.Object
                || !pagination.TryGetProperty("has_more", out var more) || more.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            {
                throw Nonsense();
            }
            var next = more.GetBoolean() ? NextPage.After(EventRow.Text(pagination, "next") ?? throw Nonsense(), origin, path, PrefixOf(path)) : null;
            return new([.. data.EnumerateArray().Select(row => row.Clone())], next, EstimatedTotal: null);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: half of a character in a text. Either's own words would quote the answer.
            throw Nonsense();
        }
    }

    private static string PrefixOf(string path) => path switch
    {
        "/events" => "evt",
        "/products" => "pro",
        "/prices" => "pri",
        _ => throw new UnreachableException($"Nothing reads {path} here."),
    };

    private static PaddleNonsenseException Nonsense() => new("provider-invalid", "Paddle's answer is no page of a list.");
}
