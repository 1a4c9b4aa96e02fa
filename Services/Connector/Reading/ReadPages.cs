using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Unicode;

namespace Allocora.Connector;

/// <summary>Reads what Paddle answers, one row at a time: a row that cannot be read is no reason to doubt its neighbour.</summary>
internal static class ReadPages
{
    private const int RowsMax = 200, DepthMax = 64, RowBytesMax = 512 * 1024;
    private static readonly JsonDocumentOptions RowForm = new() { MaxDepth = DepthMax };
    private static readonly JsonDocumentOptions MetaForm = new() { MaxDepth = DepthMax, AllowDuplicateProperties = false };

    /// <param name="origin">The address the page was asked of, without the path.</param>
    /// <param name="path">The list's path, such as <c>/transactions</c>.</param>
    /// <exception cref="PaddleNonsenseException">This is no page of a list.</exception>
    public static ReadPage Read(ReadOnlyMemory<byte> body, RowKind kind, IReadOnlyList<string> customDataKeys, Uri origin, string path)
    {
        var (data, meta) = Envelope(body);
        if (body.Span[data.Start.Value] != '[') throw Nonsense("It holds no rows.");
        var (next, estimated) = Pagination(body[meta]);
        var places = Places(body.Span[data], data.Start.Value);
        if (places.Count == 0 && next is not null) throw Nonsense("It is empty and says that more follows.");
        var after = next is null ? null : NextPage.After(next, origin, path, PrefixOf(kind));
        var redaction = new Redaction();
        return new([.. places.Select(p => Row(body[p], kind, customDataKeys, redaction))], after, estimated);
    }

    /// <summary>Reads an answer that holds one object, or the object of a webhook.</summary>
    public static ReadRow ReadOne(ReadOnlyMemory<byte> body, RowKind kind, IReadOnlyList<string> customDataKeys) =>
        Row(body[Envelope(body, hasMeta: false).Data], kind, customDataKeys, new());

    /// <summary>Reads a payload that was kept. What could be read once can always be read.</summary>
    public static SeenRow OfPayload(byte[] payload, RowKind kind, IReadOnlyList<string> customDataKeys)
    {
        using var document = JsonDocument.Parse(payload, RowForm);
        return Seen(new Field(document.RootElement, ""), payload, kind, customDataKeys);
    }

    // Where the rows and what is said about them stand. Nothing of the page is copied, however large, wide or deep it is.
    private static (Range Data, Range Meta) Envelope(ReadOnlyMemory<byte> body, bool hasMeta = true)
    {
        if (!Utf8.IsValid(body.Span)) throw Nonsense("It is not JSON.");
        try
        {
            return Envelope(body.Span, hasMeta);
        }
        catch (JsonException)
        {
            throw Nonsense("It is not JSON."); // whose own words would quote the answer
        }
    }

    private static (Range Data, Range Meta) Envelope(ReadOnlySpan<byte> body, bool hasMeta)
    {
        var reader = ReaderOf(body);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw Nonsense("It is not an object.");
        (Range? data, Range? meta) = (null, null);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (isData, isMeta) = (reader.ValueTextEquals("data"u8), reader.ValueTextEquals("meta"u8));
            var here = Value(ref reader);
            if (isData && data is not null || isMeta && meta is not null) throw Nonsense("It says the same thing twice.");
            if (isData) data = here;
            if (isMeta) meta = here;
        }
        reader.Read(); // nothing may follow
        if (data is null || hasMeta && meta is null) throw Nonsense("It lacks what an answer holds.");
        return (data.Value, meta ?? default);
    }

    private static (string? Next, long? EstimatedTotal) Pagination(ReadOnlyMemory<byte> text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, MetaForm);
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("pagination", out var pagination)
                || pagination.ValueKind != JsonValueKind.Object || !pagination.TryGetProperty("has_more", out var more)
                || more.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            {
                throw Nonsense("It does not say whether more follows.");
            }
            long? estimated = pagination.TryGetProperty("estimated_total", out var total) && total.ValueKind == JsonValueKind.Number
                && total.TryGetInt64(out var number) && number >= 0 ? number : null;
            if (!more.GetBoolean()) return (null, estimated);
            if (!pagination.TryGetProperty("next", out var next) || next.ValueKind != JsonValueKind.String)
                throw Nonsense("It does not say where more follows.");
            return (Field.Readable(next, "next"), estimated);
        }
        catch (Exception e) when (e is JsonException or UnreadableException)
        {
            throw Nonsense("What it says about itself cannot be read.");
        }
    }

    private static List<Range> Places(ReadOnlySpan<byte> rows, int offset)
    {
        var places = new List<Range>();
        var reader = ReaderOf(rows);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (places.Count == RowsMax) throw Nonsense("It holds more rows than a page can.");
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            places.Add(new(offset + start, offset + (int)reader.BytesConsumed));
        }
        return places;
    }

    // Depth is judged row by row: what a seller's customer nested too deeply must not stop the whole list.
    private static Utf8JsonReader ReaderOf(ReadOnlySpan<byte> text) => new(text, new JsonReaderOptions { MaxDepth = int.MaxValue });

    private static Range Value(ref Utf8JsonReader reader)
    {
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return new(start, (int)reader.BytesConsumed);
    }

    private static ReadRow Row(ReadOnlyMemory<byte> text, RowKind kind, IReadOnlyList<string> customDataKeys, Redaction redaction)
    {
        if (text.Span[0] != '{') return new(kind, null, null, "not-an-object:");
        if (text.Length > RowBytesMax) return new(kind, null, null, "too-large:");
        string? id = null;
        try
        {
            using var row = JsonDocument.Parse(text, RowForm);
            id = IdOf(row.RootElement, kind);
            var payload = redaction.Of(row.RootElement);
            return new(kind, id, OfPayload(payload, kind, customDataKeys), null);
        }
        catch (JsonException)
        {
            return new(kind, id, null, "too-deep:"); // it is JSON, as the page was
        }
        catch (UnreadableException e)
        {
            return new(kind, id, null, e.Fault);
        }
    }

    private static SeenRow Seen(Field row, byte[] payload, RowKind kind, IReadOnlyList<string> customDataKeys)
    {
        var content = SHA256.HashData(payload);
        if (kind == RowKind.Transaction)
        {
            var t = ReadTransaction.Of(row, customDataKeys);
            return new(kind, t.Id, t.Status, t.CreatedAt, t.UpdatedAt, Canonical.RevisionOf(t), content, payload) { Transaction = t };
        }
        var a = ReadAdjustment.Of(row);
        return new(kind, a.Id, a.Status, a.CreatedAt, a.UpdatedAt ?? a.CreatedAt, Canonical.RevisionOf(a), content, payload) { Adjustment = a };
    }

    private static string? IdOf(JsonElement row, RowKind kind) =>
        row.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String && Field.IsId(Field.Readable(id, "id"), PrefixOf(kind))
            ? id.GetString()
            : null;

    private static string PrefixOf(RowKind kind) => kind == RowKind.Transaction ? ReadTransaction.Prefix : ReadAdjustment.Prefix;

    private static PaddleNonsenseException Nonsense(string what) => new("provider-invalid", $"Paddle's answer cannot be read. {what}");
}
