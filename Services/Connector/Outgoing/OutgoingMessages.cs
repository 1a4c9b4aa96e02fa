using System.Text;
using System.Text.Json;
using Allocora.Contracts;
using Allocora.Contracts.Messages;
using Allocora.Messaging;
using Npgsql;
using EventId = Allocora.EventStore.EventId;

namespace Allocora.Connector;

/// <summary>An entry of the outbox as the message it is.</summary>
internal sealed record OutgoingEntry(long Seq, bool IsEndOfRun, OutgoingMessage Message);

/// <summary>Makes messages of what the outbox points at.</summary>
internal sealed class OutgoingMessages(NpgsqlDataSource worker)
{
    private const string RunKind = "run", PayoutKind = "payout", ProductKind = "product";

    /// <returns>What is to be told next, up to an entry no message can be made of; and that entry, if there is one.</returns>
    public async Task<(List<OutgoingEntry> Entries, string? Trouble)> Next(int limit, CancellationToken ct)
    {
        await using var command = worker.CreateCommand("""
            select o.seq, o.tenant_id, o.source_id, o.environment, o.run_id, o.page_no, o.row_no, o.kind, o.provider_id, o.revision, o.content, o.included,
              o.data, o.at, o.traceparent, p.body, coalesce(o.custom_data_keys, s.custom_data_keys)
            from outbox as o
              join source as s on s.tenant_id = o.tenant_id and s.id = o.source_id
              left join payload as p on p.tenant_id = o.tenant_id and p.environment = o.environment and p.provider_id = o.provider_id and p.content = o.content
            where o.sent_at is null order by o.seq limit $1
            """);
        command.Parameters.Add(new() { Value = limit });
        var entries = new List<Entry>();
        await using (var reader = await command.ExecuteReaderAsync(ct))
            while (await reader.ReadAsync(ct)) entries.Add(Entry.Read(reader));
        var products = await Products(entries, ct);
        var made = new List<OutgoingEntry>(entries.Count);
        foreach (var entry in entries)
        {
            try
            {
                made.Add(new(entry.Seq, entry.Kind == RunKind, Make(entry, products)));
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // What stands before it is still told. The error's text may quote the payload.
                return (made, $"The {entry.Kind} at {entry.Seq} of the outbox cannot be told: {e.GetType().Name}.");
            }
        }
        return (made, null);
    }

    private static OutgoingMessage Make(Entry entry, Dictionary<(string, string, string), PaddleProductSeen> products) => entry.Kind switch
    {
        RunKind => Of(entry, PaddleRunEnded.Name, entry.Data!, SeenIdentity.Of(Read<PaddleRunEnded>(entry.Data!))),
        PayoutKind => Of(entry, PaddlePayoutSeen.Name, entry.Data!, SeenIdentity.Of(Read<PaddlePayoutSeen>(entry.Data!))),
        ProductKind => Of(
            entry, PaddleProductSeen.Message, Text(products[(entry.Workspace, entry.Environment, entry.ProviderId)]),
            $"paddle|{entry.Environment}|{entry.Kind}|{entry.Seq}"),
        _ => Seen(entry),
    };

    private static OutgoingMessage Seen(Entry entry)
    {
        var row = ReadPages.OfPayload(PayloadText.Decompress(entry.Body!), Words.Read<RowKind>(entry.Kind), entry.CustomDataKeys);
        var seen = new SeenAt(
            entry.Source, entry.Environment, entry.Run, entry.Page, entry.Row, Convert.ToHexStringLower(entry.Revision!),
            Convert.ToHexStringLower(entry.Content!), entry.At, entry.Included);
        if (row.Transaction is { } transaction)
        {
            var sale = new PaddleTransactionSeen(transaction, seen);
            return Of(entry, PaddleTransactionSeen.Name, Text(sale), SeenIdentity.Of(sale));
        }
        var change = new PaddleAdjustmentSeen(row.Adjustment!, seen);
        return Of(entry, PaddleAdjustmentSeen.Name, Text(change), SeenIdentity.Of(change));
    }

    private static T Read<T>(string data) => JsonSerializer.Deserialize<T>(data, Canonical.Json)!;

    /// <summary>The same version of the same thing has the same id, whichever run saw it and however often it is told.</summary>
    private static OutgoingMessage Of(Entry entry, string name, string data, string identity) => new(
        EventId.Of(entry.Workspace, identity, 1), entry.Workspace, name, Encoding.UTF8.GetBytes(data), entry.At)
    {
        Subject = entry.ProviderId,
        PartitionKey = entry.ProviderId,
        CorrelationId = entry.Run,
        Traceparent = entry.Traceparent,
    };

    private static string Text<T>(T body) => JsonSerializer.Serialize(body, Canonical.Json);

    private async Task<Dictionary<(string, string, string), PaddleProductSeen>> Products(List<Entry> entries, CancellationToken ct)
    {
        var wanted = entries.Where(e => e.Kind == ProductKind).DistinctBy(e => (e.Workspace, e.Environment, e.ProviderId)).ToList();
        var products = new Dictionary<(string, string, string), PaddleProductSeen>();
        if (wanted.Count == 0) return products;
        await using var command = worker.CreateCommand("""
            select w.workspace, w.environment, w.id, e.provider_id, e.name, e.status, e.type, e.unit_amount, e.unit_currency, e.updated_at
            from unnest($1::text[], $2::text[], $3::text[]) as w (workspace, environment, id)
              join catalogue_entry as e on e.tenant_id = w.workspace and e.environment = w.environment and (
                e.provider_id = w.id or (e.kind = 'price' and e.product_id = w.id))
            order by w.workspace, w.environment, w.id, e.kind, e.provider_id
            """);
        command.Parameters.Add(new() { Value = wanted.Select(e => e.Workspace).ToArray() });
        command.Parameters.Add(new() { Value = wanted.Select(e => e.Environment).ToArray() });
        command.Parameters.Add(new() { Value = wanted.Select(e => e.ProviderId).ToArray() });
        var rows = new List<(string Workspace, string Environment, string Product, CatalogueEntry Entry)>();
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct))
            {
                Money? price = reader.IsDBNull(7) ? null : new(reader.GetInt64(7), Currency.Parse(reader.GetString(8)));
                rows.Add((reader.GetString(0), reader.GetString(1), reader.GetString(2), new(
                    reader.GetString(3), "", reader.GetString(2), reader.IsDBNull(4) ? null : reader.GetString(4), reader.GetString(5), reader.GetString(6),
                    price, reader.IsDBNull(9) ? null : reader.GetFieldValue<DateTimeOffset>(9))));
            }
        }
        foreach (var entry in wanted)
        {
            var all = rows.Where(r => r.Workspace == entry.Workspace && r.Environment == entry.Environment && r.Product == entry.ProviderId).ToList();
            // A price may be known before its product is.
            var itself = all.FirstOrDefault(r => r.Entry.Id == entry.ProviderId).Entry;
            var prices = all.Select(r => r.Entry).Where(e => e.Id != entry.ProviderId);
            products.Add((entry.Workspace, entry.Environment, entry.ProviderId), new(
                entry.ProviderId, entry.Source, entry.Environment, itself?.Name ?? entry.ProviderId, itself?.Status ?? "unknown", itself?.Type ?? "unknown",
                itself?.UpdatedAt, [.. prices.Select(p => new PaddlePrice(p.Id, p.Name, p.Status, p.Type, p.UnitPrice))]));
        }
        return products;
    }

    private sealed record Entry(
        long Seq, string Workspace, string Source, string Environment, string Run, long Page, int Row, string Kind, string ProviderId, byte[]? Revision,
        byte[]? Content, bool Included, string? Data, DateTimeOffset At, string? Traceparent, byte[]? Body, string[] CustomDataKeys)
    {
        public static Entry Read(NpgsqlDataReader r) => new(
            r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetString(4), r.GetInt64(5), r.GetInt32(6), r.GetString(7), r.GetString(8),
            Bytes(r, 9), Bytes(r, 10), r.GetBoolean(11), Text(r, 12), r.GetFieldValue<DateTimeOffset>(13), Text(r, 14), Bytes(r, 15),
            r.GetFieldValue<string[]>(16));

        private static byte[]? Bytes(NpgsqlDataReader r, int column) => r.IsDBNull(column) ? null : r.GetFieldValue<byte[]>(column);

        private static string? Text(NpgsqlDataReader r, int column) => r.IsDBNull(column) ? null : r.GetString(column);
    }
}
