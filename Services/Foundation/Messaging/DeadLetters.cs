using System.Security.Cryptography;
using System.Text.Json;
using Npgsql;

namespace Allocora.Messaging;

/// <summary>A message that could not be handled, as an operator sees it in a list.</summary>
public sealed record DeadLetter(
    long Id, string Consumer, string MessageId, string? Workspace, string Type, string ReasonCode, string Error, DateTimeOffset FirstSeen,
    int Attempts, string State);

/// <summary>One of them with what is known of the message; what it says stays where it is.</summary>
public sealed record DeadLetterMessage(DeadLetter Letter, IReadOnlyDictionary<string, string> Headers, long BodyBytes, string BodySha256);

/// <summary>Which dead letters somebody may reach.</summary>
/// <param name="Workspace">The only one; null for all the role may see.</param>
/// <param name="IsNobodys">Only those that name no workspace, or one that is not there.</param>
public sealed record DeadLettersOf(string? Workspace, bool IsNobodys = false)
{
    public static readonly DeadLettersOf All = new((string?)null), Nobody = new(null, IsNobodys: true);
}

/// <summary>What operators do with dead letters. Signed in as the service's own role they reach those of one workspace, as its worker all.</summary>
public sealed class DeadLetters(NpgsqlDataSource source)
{
    public const int PageMax = 200;

    /// <summary>The reason of messages whose workspace is not there, which nobody in a workspace can ever see.</summary>
    public const string UnknownWorkspace = "unknown-workspace", NoWorkspace = "no-workspace";

    private const string Columns = "id, consumer, message_id, workspace, type, reason_code, error, first_seen, attempts, state";
    private const string IsReached = "($2::text is null or workspace = $2) and (not $3 or workspace is null or reason_code in ('"
        + UnknownWorkspace + "', '" + NoWorkspace + "'))";

    /// <summary>One page in the order they came.</summary>
    /// <param name="after">The id of the last one seen, 0 to begin.</param>
    /// <param name="state">open, replaying, replayed or discarded; null for all.</param>
    public async Task<IReadOnlyList<DeadLetter>> Page(DeadLettersOf of, long after, int limit, string? state, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, PageMax);
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await For(of, connection, ct);
        await using var command = connection.Command($"""
            select {Columns} from dead_letter where id > $1 and {IsReached} and ($4::text is null or state = $4) order by id limit $5
            """, after, of.Workspace, of.IsNobodys, state, limit);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var page = new List<DeadLetter>();
        while (await reader.ReadAsync(ct)) page.Add(Letter(reader));
        return page;
    }

    /// <returns>Null when there is no such dead letter within reach.</returns>
    public async Task<DeadLetterMessage?> Find(DeadLettersOf of, long id, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await For(of, connection, ct);
        await using var command = connection.Command(
            $"select {Columns}, headers, body from dead_letter where id = $1 and {IsReached}", id, of.Workspace, of.IsNobodys);
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct)) return null;
        var body = reader.GetFieldValue<byte[]>(11);
        return new(
            Letter(reader), JsonSerializer.Deserialize<Dictionary<string, string>>(reader.GetString(10)) ?? [], body.LongLength,
            Convert.ToHexStringLower(SHA256.HashData(body)));
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
        var of = new DeadLettersOf(workspace);
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await For(of, connection, ct);
        var turned = await Turn(transaction, of, id, state, ct);
        await transaction.CommitAsync(ct);
        return turned is not null;
    }

    /// <summary>Replays or discards an open one as part of a transaction of the caller's, which is the workspace's already.</summary>
    /// <param name="state">replaying or discarded.</param>
    /// <returns>What it is now; null when there is no such open one within reach.</returns>
    public static async Task<DeadLetter?> Turn(NpgsqlTransaction transaction, DeadLettersOf of, long id, string state, CancellationToken ct)
    {
        await using var command = transaction.Connection!.Command(
            $"update dead_letter set state = $4 where id = $1 and {IsReached} and state = 'open' returning {Columns}", id, of.Workspace, of.IsNobodys, state);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? Letter(reader) : null;
    }

    private static async Task<NpgsqlTransaction> For(DeadLettersOf of, NpgsqlConnection connection, CancellationToken ct)
    {
        var transaction = await connection.BeginTransactionAsync(ct);
        await using var command = connection.Command("select set_config('app.workspace_id', $1, true)", of.Workspace ?? "");
        await command.ExecuteNonQueryAsync(ct);
        return transaction;
    }

    private static DeadLetter Letter(NpgsqlDataReader reader) => new(
        reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.IsDBNull(3) ? null : reader.GetString(3), reader.GetString(4),
        reader.GetString(5), reader.GetString(6), reader.GetFieldValue<DateTimeOffset>(7), reader.GetInt32(8), reader.GetString(9));
}
