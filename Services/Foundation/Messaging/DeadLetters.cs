using Npgsql;

namespace Allocora.Messaging;

/// <summary>A message that could not be handled, as an operator sees it in a list.</summary>
public sealed record DeadLetter(
    long Id, string Consumer, string MessageId, string? Workspace, string Type, string ReasonCode, string Error, DateTimeOffset FirstSeen,
    int Attempts, string State);

/// <summary>What operators do with dead letters. Signed in as the service's own role they reach those of one workspace, as its worker all.</summary>
public sealed class DeadLetters(NpgsqlDataSource source)
{
    public const int PageMax = 200;

    /// <summary>One page in the order they came.</summary>
    /// <param name="workspace">Whose; null for all the role may see.</param>
    /// <param name="after">The id of the last one seen, 0 to begin.</param>
    /// <param name="state">open, replaying, replayed or discarded; null for all.</param>
    public async Task<IReadOnlyList<DeadLetter>> Page(string? workspace, long after, int limit, string? state, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, PageMax);
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await For(workspace, connection, ct);
        await using var command = connection.Command("""
            select id, consumer, message_id, workspace, type, reason_code, error, first_seen, attempts, state from dead_letter
            where id > $1 and ($2::text is null or workspace = $2) and ($3::text is null or state = $3) order by id limit $4
            """, after, workspace, state, limit);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var page = new List<DeadLetter>();
        while (await reader.ReadAsync(ct))
        {
            page.Add(new(
                reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.IsDBNull(3) ? null : reader.GetString(3), reader.GetString(4),
                reader.GetString(5), reader.GetString(6), reader.GetFieldValue<DateTimeOffset>(7), reader.GetInt32(8), reader.GetString(9)));
        }
        return page;
    }

    /// <summary>
    /// Asks the consumer to handle it once more, under the same message id; it does so from here, without the broker, so the
    /// message can neither get lost on the way nor come twice. It is open again if it fails again.
    /// </summary>
    /// <returns>False when there is no such open dead letter.</returns>
    public Task<bool> Replay(long id, string? workspace, CancellationToken ct) => Turn(id, workspace, "replaying", ct);

    /// <summary>Decides that it will never be handled. It is kept all the same.</summary>
    /// <returns>False when there is no such open dead letter.</returns>
    public Task<bool> Discard(long id, string? workspace, CancellationToken ct) => Turn(id, workspace, "discarded", ct);

    private async Task<bool> Turn(long id, string? workspace, string state, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await For(workspace, connection, ct);
        await using var command = connection.Command(
            "update dead_letter set state = $3 where id = $1 and state = 'open' and ($2::text is null or workspace = $2)", id, workspace, state);
        var turned = await command.ExecuteNonQueryAsync(ct) == 1;
        await transaction.CommitAsync(ct);
        return turned;
    }

    private static async Task<NpgsqlTransaction> For(string? workspace, NpgsqlConnection connection, CancellationToken ct)
    {
        var transaction = await connection.BeginTransactionAsync(ct);
        await using var command = connection.Command("select set_config('app.workspace_id', $1, true)", workspace ?? "");
        await command.ExecuteNonQueryAsync(ct);
        return transaction;
    }
}
