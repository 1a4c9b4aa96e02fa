using Npgsql;

namespace Allocora.Connector;

/// <summary>What is known of the objects of a page, and of what they are about, while nobody else may change it.</summary>
/// <param name="Waiting">Adjustments that wait for a transaction of the page.</param>
internal sealed record KnownObjects(
    Dictionary<string, Known> All, Dictionary<string, KeptObject> Kept, IReadOnlyList<AwaitingObject> Waiting)
{
    public Known? Of(string? id) => id is null ? null : All.GetValueOrDefault(id);

    public static async Task<KnownObjects> Read(NpgsqlBatch batch, Source source, RowKind kind, IReadOnlyList<SeenRow> rows, CancellationToken ct)
    {
        string[] ids = [.. rows.Select(r => r.Id).Concat(rows.Select(r => r.Adjustment?.TransactionId).OfType<string>()).Distinct()];
        batch.BatchCommands.Add(new("""
            select provider_id, status, updated_at, revision, standing, reason, content, source_id, reading, adjusted_total from provider_object
            where tenant_id = $1 and environment = $2 and provider_id = any ($3)
            """)
        {
            Parameters = { new() { Value = source.Workspace }, new() { Value = source.Environment }, new() { Value = ids } },
        });
        if (kind == RowKind.Transaction)
        {
            batch.BatchCommands.Add(new("""
                select provider_id, transaction_id, status, updated_at, revision, content from provider_object
                where tenant_id = $1 and environment = $2 and transaction_id = any ($3) and standing = 'waiting' order by provider_id
                """)
            {
                Parameters = { new() { Value = source.Workspace }, new() { Value = source.Environment }, new() { Value = ids } },
            });
        }
        var (known, kept, waiting) = (new Dictionary<string, Known>(), new Dictionary<string, KeptObject>(), new List<AwaitingObject>());
        await using var reader = await batch.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var id = reader.GetString(0);
            known.Add(id, new(
                reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(2), reader.GetFieldValue<byte[]>(3), Words.Read<Standing>(reader.GetString(4)),
                reader.IsDBNull(5) ? null : reader.GetString(5))
            {
                WasReadOtherwise = reader.GetString(8) != source.Reading,
                Left = reader.IsDBNull(9) ? null : reader.GetInt64(9),
            });
            kept.Add(id, new(reader.GetFieldValue<byte[]>(6), reader.GetString(7), reader.GetString(8)));
        }
        if (kind == RowKind.Transaction)
        {
            await reader.NextResultAsync(ct);
            while (await reader.ReadAsync(ct))
                waiting.Add(new(
                    reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetFieldValue<DateTimeOffset>(3),
                    reader.GetFieldValue<byte[]>(4), reader.GetFieldValue<byte[]>(5)));
        }
        return new(known, kept, waiting);
    }
}

/// <summary>What is kept of an object beside what it counts for.</summary>
/// <param name="Source">Through which it came last.</param>
/// <param name="Reading">How it was read.</param>
internal sealed record KeptObject(byte[] Content, string Source, string Reading);

/// <summary>An adjustment that counts as soon as its transaction does.</summary>
internal sealed record AwaitingObject(string Id, string TransactionId, string Status, DateTimeOffset UpdatedAt, byte[] Revision, byte[] Content);
