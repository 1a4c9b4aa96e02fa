using Allocora.Contracts.Messages;
using Npgsql;

namespace Allocora.Ledger;

/// <summary>Keeps what Paddle said last is left of each sale.</summary>
internal sealed class Sights(NpgsqlDataSource worker)
{
    public async Task Keep(IEnumerable<(string Workspace, object Body)> messages, CancellationToken ct)
    {
        var last = messages
            .Where(m => m.Body is PaddleTransactionSeen { Transaction.AdjustedTotal: not null })
            .Select(m => (m.Workspace, Message: (PaddleTransactionSeen)m.Body))
            .GroupBy(m => (m.Workspace, m.Message.Seen.Environment, m.Message.Transaction.Id))
            .Select(g => g.MaxBy(m => (m.Message.Transaction.UpdatedAt, m.Message.Seen.At)))
            .OrderBy(m => m.Workspace, StringComparer.Ordinal).ThenBy(m => m.Message.Transaction.Id, StringComparer.Ordinal).ToList();
        if (last.Count == 0) return;
        await using var command = worker.CreateCommand("""
            insert into sale_sight as s (tenant_id, environment, provider_id, adjusted_total, currency, updated_at, seen_at)
            select * from unnest($1, $2, $3, $4, $5, $6, $7)
            on conflict (tenant_id, environment, provider_id) do update set adjusted_total = excluded.adjusted_total, currency = excluded.currency,
              updated_at = excluded.updated_at, seen_at = excluded.seen_at
            where (excluded.updated_at, excluded.seen_at) > (s.updated_at, s.seen_at)
            """);
        command.Parameters.Add(new() { Value = last.Select(m => m.Workspace).ToArray() });
        command.Parameters.Add(new() { Value = last.Select(m => m.Message.Seen.Environment).ToArray() });
        command.Parameters.Add(new() { Value = last.Select(m => m.Message.Transaction.Id).ToArray() });
        command.Parameters.Add(new() { Value = last.Select(m => m.Message.Transaction.AdjustedTotal!.Value.Minor).ToArray() });
        command.Parameters.Add(new() { Value = last.Select(m => m.Message.Transaction.AdjustedTotal!.Value.Currency.Code).ToArray() });
        command.Parameters.Add(new() { Value = last.Select(m => m.Message.Transaction.UpdatedAt.ToUniversalTime()).ToArray() });
        command.Parameters.Add(new() { Value = last.Select(m => m.Message.Seen.At.ToUniversalTime()).ToArray() });
        await command.ExecuteNonQueryAsync(ct);
    }
}
