using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using Allocora.Contracts.Api;
using Npgsql;

namespace Allocora.Ledger;

/// <summary>Writes the lines of an export. What the log holds as JSON goes out as PostgreSQL gives it, without being read.</summary>
internal sealed class ExportWriter(PipeWriter file) : IDisposable
{
    private const int FlushAt = 64 * 1024;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonEncodedText[] Members = [.. LedgerExport.EventMembers.Select(m => JsonEncodedText.Encode(m))];
    private readonly Utf8JsonWriter line = new(file, new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public long Count { get; private set; }

    public void Begin(ExportBegin begin)
    {
        JsonSerializer.Serialize(line, begin, Json);
        EndLine();
    }

    public ValueTask Event(NpgsqlDataReader row, CancellationToken ct)
    {
        line.WriteStartObject();
        line.WriteNumber(Members[0], row.GetInt64(0));
        line.WriteString(Members[1], row.GetGuid(1));
        line.WriteString(Members[2], row.GetString(2));
        line.WriteNumber(Members[3], row.GetInt64(3));
        line.WriteString(Members[4], row.GetString(4));
        Text(row, 5);
        line.WriteString(Members[6], row.GetDateTime(6).ToString(LedgerExport.TimeForm, CultureInfo.InvariantCulture));
        Stored(row, 7);
        Stored(row, 8);
        Text(row, 9);
        Text(row, 10);
        Hash(row, 11);
        Hash(row, 12);
        line.WriteEndObject();
        Count++;
        return Next(ct);
    }

    public ValueTask Head(NpgsqlDataReader row, CancellationToken ct)
    {
        var head = new LedgerCheckpoint(
            row.GetInt64(0), row.GetInt64(1), Convert.ToHexStringLower(row.GetFieldValue<byte[]>(2)), row.GetFieldValue<DateTimeOffset>(3),
            row.GetString(4), Convert.ToBase64String(row.GetFieldValue<byte[]>(5)));
        Named("head", head);
        return Next(ct);
    }

    public async Task End(ExportEnd end, CancellationToken ct)
    {
        Named("end", end);
        EndLine();
        await file.FlushAsync(ct);
    }

    public void Dispose() => line.Dispose();

    private void Named<T>(string name, T value)
    {
        line.WriteStartObject();
        line.WritePropertyName(name);
        JsonSerializer.Serialize(line, value, Json);
        line.WriteEndObject();
    }

    private async ValueTask Next(CancellationToken ct)
    {
        EndLine();
        if (file.UnflushedBytes >= FlushAt) await file.FlushAsync(ct);
    }

    private void EndLine()
    {
        line.Flush();
        line.Reset();
        file.Write("\n"u8);
    }

    private void Text(NpgsqlDataReader row, int column)
    {
        if (row.IsDBNull(column)) line.WriteNull(Members[column]);
        else line.WriteString(Members[column], row.GetString(column));
    }

    private void Stored(NpgsqlDataReader row, int column)
    {
        line.WritePropertyName(Members[column]);
        if (row.IsDBNull(column)) line.WriteNullValue();
        else line.WriteRawValue(row.GetFieldValue<byte[]>(column), skipInputValidation: true);
    }

    private void Hash(NpgsqlDataReader row, int column)
    {
        if (row.IsDBNull(column)) line.WriteNull(Members[column]);
        else line.WriteString(Members[column], Convert.ToHexStringLower(row.GetFieldValue<byte[]>(column)));
    }
}
