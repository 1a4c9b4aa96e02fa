using System.Text.Json;
using Npgsql;

namespace Allocora.Messaging;

/// <summary>The consumer's side of its dead letters. What it writes is never part of a handler's transaction.</summary>
internal sealed class DeadLetterBox(string consumer, NpgsqlDataSource worker, TimeProvider time)
{
    public async Task Keep(Received message, Verdict verdict, CancellationToken ct)
    {
        var kept = message.IsNameless
            ? verdict with { Sentence = $"{verdict.Sentence} It came without a usable message id; this one is made from its content." }
            : verdict;
        if (await Insert(message, kept, ct)) return;
        // Another message has this id: whoever sent them cannot count. Both are kept.
        var own = Received.IdFromContent(message.Workspace, message.Type, message.Body.Span);
        var told = verdict with { Sentence = $"{verdict.Sentence} It came under the message id of another; this one is made from its content." };
        await Insert(message with { Id = own }, told, ct);
    }

    /// <summary>What operators asked to have handled again, oldest first.</summary>
    public async Task<IReadOnlyList<(long Id, Received Message)>> Replaying(int limit, CancellationToken ct)
    {
        await using var connection = await worker.OpenConnectionAsync(ct);
        await using var command = connection.Command("""
            select id, message_id, type, workspace, body, headers from dead_letter where consumer = $1 and state = 'replaying' order by id limit $2
            """, consumer, limit);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var found = new List<(long, Received)>();
        while (await reader.ReadAsync(ct))
        {
            var headers = JsonSerializer.Deserialize<Dictionary<string, string>>(reader.GetString(5)) ?? [];
            var workspace = await reader.IsDBNullAsync(3, ct) ? null : reader.GetString(3);
            found.Add((reader.GetInt64(0), Received.Again(reader.GetString(1), reader.GetString(2), workspace, reader.GetFieldValue<byte[]>(4), headers)));
        }
        return found;
    }

    public Task Replayed(long id, CancellationToken ct) =>
        worker.Run("update dead_letter set state = 'replayed', attempts = attempts + 1 where id = $1 and state = 'replaying'", ct, id);

    public Task FailedAgain(long id, Verdict verdict, CancellationToken ct) => worker.Run("""
        update dead_letter set state = 'open', attempts = attempts + 1, reason_code = $2, error = $3 where id = $1 and state = 'replaying'
        """, ct, id, verdict.ReasonCode, Received.Clean(verdict.Sentence!));

    public async Task<IReadOnlyList<OpenDeadLetters>> Open(CancellationToken ct)
    {
        await using var connection = await worker.OpenConnectionAsync(ct);
        await using var command = connection.Command("""
            select reason_code, count(*), min(first_seen) from dead_letter where consumer = $1 and state = 'open' group by reason_code limit 100
            """, consumer);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var open = new List<OpenDeadLetters>();
        while (await reader.ReadAsync(ct)) open.Add(new(reader.GetString(0), reader.GetInt64(1), time.GetUtcNow() - reader.GetFieldValue<DateTimeOffset>(2)));
        return open;
    }

    /// <returns>False when another message was kept under the same id.</returns>
    private async Task<bool> Insert(Received message, Verdict verdict, CancellationToken ct)
    {
        // Redelivered, or sent once more, it is the same dead letter; one that was thought solved is open again.
        const string statement = """
            insert into dead_letter as d (consumer, message_id, workspace, type, body, headers, reason_code, error, first_seen, attempts, state)
            values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, 1, 'open')
            on conflict (consumer, message_id) do update set
              attempts = d.attempts + 1, reason_code = excluded.reason_code, error = excluded.error,
              state = case when d.state = 'replayed' then 'open' else d.state end
            where d.body = excluded.body and d.type = excluded.type and d.workspace is not distinct from excluded.workspace
            """;
        return await worker.Run(
            statement, ct, consumer, message.Id, message.Workspace, message.Type, message.Body, JsonSerializer.Serialize(message.Headers),
            verdict.ReasonCode, Received.Clean(verdict.Sentence!), time.GetUtcNow()) == 1;
    }
}
