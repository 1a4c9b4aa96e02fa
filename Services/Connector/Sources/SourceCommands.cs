using System.Security.Cryptography;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;
using EventId = Allocora.EventStore.EventId;

namespace Allocora.Connector;

/// <summary>How a command about a source ended.</summary>
/// <param name="Source">As it is now; null when there is none, or the command was refused.</param>
internal sealed record SourceTold(Refusal? Refusal, Source? Source)
{
    public static readonly Refusal NotFound = new("not-found", "There is no such source in this workspace.");
    public static readonly Refusal DoneBefore = new("already-done", "This was done before.");
    public static readonly Refusal Stale = new("version-conflict", "The source has changed since you read it. Read it again, and decide then.");

    public static IResult Of(Refusal refusal) => Problems.Refuse(refusal.Code switch
    {
        "not-found" => StatusCodes.Status404NotFound,
        "version-conflict" => StatusCodes.Status412PreconditionFailed,
        _ => StatusCodes.Status409Conflict,
    }, refusal.Code, refusal.Sentence);
}

/// <summary>A source whose row is held until the transaction ends, and the highest versions of what it keeps in the vault.</summary>
internal sealed record HeldSource(Source Source, int KeyVersion, int SecretVersion);

/// <summary>Everything that changes a source goes through here: the row is held, a rule decides, the row and the log are written together.</summary>
internal sealed class SourceCommands(NpgsqlDataSource database, TimeProvider time)
{
    /// <param name="version">What the caller read; null when it does not matter.</param>
    /// <param name="also">What else is written when something happened.</param>
    public async Task<SourceTold> Tell(
        string workspace, string id, Origin origin, string? command, long? version, Func<HeldSource, Decision<SourceHappened>> decide,
        Action<NpgsqlBatch, HeldSource>? also, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await Hold(transaction, workspace, id, ct) is not { } held) return new(SourceTold.NotFound, null);
        if (version is not null && version != held.Source.Version) return new(SourceTold.Stale, null);
        var decision = decide(held);
        if (decision.Refusal is { } refusal) return new(refusal, null);
        if (decision.Events.Count == 0) return new(null, held.Source);

        var after = decision.Events.Aggregate(held.Source, SourceRules.Evolve) with { Version = held.Source.Version + 1 };
        await using (var batch = new NpgsqlBatch(connection, transaction) { BatchCommands = { SourceRows.Update(after, time.GetUtcNow()) } })
        {
            also?.Invoke(batch, held);
            await batch.ExecuteNonQueryAsync(ct);
        }
        return await Append(transaction, workspace, id, decision.Events, origin, command, ct) ? new(null, after) : new(SourceTold.DoneBefore, null);
    }

    /// <param name="find">What a living source of the same account is found by.</param>
    /// <param name="write">What is written with it.</param>
    public async Task<SourceTold> Connect(
        Source source, SourceConnected asked, AskedBy asking, NpgsqlBatchCommand find, IEnumerable<NpgsqlBatchCommand> write, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        Source? same = null;
        await using (var looking = new NpgsqlBatch(connection, transaction)
        {
            // One at a time, for two who connect the same account at once would not see each other.
            BatchCommands = { EventFeed.OfWorkspace(source.Workspace), OneAtATime(source), find },
        })
        {
            await using var reader = await looking.ExecuteReaderAsync(ct);
            await reader.NextResultAsync(ct);
            await reader.NextResultAsync(ct);
            if (await reader.ReadAsync(ct)) same = SourceRows.Read(reader);
        }
        var decision = SourceRules.Connect(same, asked);
        if (decision.Refusal is { } refusal) return new(refusal, same);

        await using (var batch = new NpgsqlBatch(connection, transaction) { BatchCommands = { SourceRows.Insert(source) } })
        {
            foreach (var command in write) batch.BatchCommands.Add(command);
            await batch.ExecuteNonQueryAsync(ct);
        }
        return await Append(transaction, source.Workspace, source.Id, decision.Events, asking.Origin, asking.Command, ct)
            ? new(null, source)
            : new(SourceTold.DoneBefore, null);
    }

    private static NpgsqlBatchCommand OneAtATime(Source source) => new("select pg_advisory_xact_lock(hashtextextended($1, 0))")
    {
        Parameters = { new() { Value = $"connect {source.Workspace} {source.Environment}" } },
    };

    private static async Task<HeldSource?> Hold(NpgsqlTransaction transaction, string workspace, string id, CancellationToken ct)
    {
        // The versions are a statement of their own: it has to see what was committed while this one waited for the row.
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction)
        {
            BatchCommands =
            {
                EventFeed.OfWorkspace(workspace),
                new($"select {SourceRows.Columns} from source as s where s.tenant_id = $1 and s.id = $2 for update")
                {
                    Parameters = { new() { Value = workspace }, new() { Value = id } },
                },
                new("""
                    select coalesce(max(version) filter (where purpose = 'api-key'), 0), coalesce(max(version) filter (where purpose = 'webhook'), 0)
                    from credential where tenant_id = $1 and source_id = $2
                    """)
                {
                    Parameters = { new() { Value = workspace }, new() { Value = id } },
                },
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        if (!await reader.ReadAsync(ct)) return null;
        var source = SourceRows.Read(reader);
        await reader.NextResultAsync(ct);
        await reader.ReadAsync(ct);
        return new(source, reader.GetInt32(0), reader.GetInt32(1));
    }

    private async Task<bool> Append(
        NpgsqlTransaction transaction, string workspace, string id, IReadOnlyList<SourceHappened> happened, Origin origin, string? command,
        CancellationToken ct)
    {
        var (at, name) = (time.GetUtcNow(), command ?? Convert.ToHexString(RandomNumberGenerator.GetBytes(16)));
        var events = happened.Select((e, i) => ConnectorEvents.Catalog.Seal(e, EventId.Of(workspace, name, i + 1), at, origin)).ToList();
        var answers = await EventLog.Append(transaction, [new Entry(workspace, $"source-{id}", command, null, events)], ct);
        if (answers[0].Outcome != Outcome.Appended) return false;
        await transaction.CommitAsync(ct);
        return true;
    }
}
