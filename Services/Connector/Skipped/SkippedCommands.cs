using System.Security.Cryptography;
using Allocora.Contracts.Api;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Npgsql;
using NpgsqlTypes;
using Activity = System.Diagnostics.Activity;
using EventId = Allocora.EventStore.EventId;

namespace Allocora.Connector;

/// <summary>Decisions about skipped rows: the rows are held, a rule decides, and register, objects, outbox and log are written together.</summary>
internal sealed class SkippedCommands([FromKeyedServices("connector")] NpgsqlDataSource database, TimeProvider time)
{
    private const string Stream = "skipped-rows";
    private const int AttemptsMax = 3, PauseMillisecondsMax = 50;

    /// <returns>What became of each row; null when a command of this name was done before.</returns>
    public async Task<IReadOnlyList<SkippedDecision>?> Decide(string workspace, AskedBy asking, DecideSkippedRequest asked, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await Attempt(workspace, asking, asked, ct);
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.DeadlockDetected && attempt < AttemptsMax)
            {
                // A sync held the same objects in another order; one of the two had to give way.
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(1, PauseMillisecondsMax)), time, ct);
            }
        }
    }

    private async Task<IReadOnlyList<SkippedDecision>?> Attempt(string workspace, AskedBy asking, DecideSkippedRequest asked, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var held = await Hold(transaction, workspace, asked.Ids, ct);
        var (results, happened) = SkippedRules.Decide(held, asked);
        if (happened is null) return results;

        string[] ids = [.. happened.Rows.Select(r => r.Id)];
        var now = time.GetUtcNow();
        await using (var batch = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands = { Settle(ids, asking.Person, asked, now), asked.Decision == SkippedRules.Include ? LetIn(ids, now) : LeaveOut(ids) },
        })
        {
            await batch.ExecuteNonQueryAsync(ct);
        }
        return await Append(transaction, workspace, asking, happened, now, ct) ? results : null;
    }

    private static async Task<List<HeldRow>> Hold(NpgsqlTransaction transaction, string workspace, IReadOnlyList<string> ids, CancellationToken ct)
    {
        const string hold = """
            select 1 from skipped_row as s join provider_object as o using (tenant_id, environment, provider_id)
            where s.id = any($1) order by s.id for update of s, o
            """;
        // A statement of its own: it has to see what was committed while the first one waited.
        const string read = """
            select s.id, s.environment, s.provider_id, s.revision, s.reason, s.status, s.revision = o.revision and o.standing = 'skipped',
              o.told_revision is not null, o.transaction_id, coalesce(t.standing = 'counts', false)
            from skipped_row as s join provider_object as o using (tenant_id, environment, provider_id)
            left join provider_object as t on t.tenant_id = o.tenant_id and t.environment = o.environment and t.provider_id = o.transaction_id
            where s.id = any($1) order by s.id
            """;
        string[] distinct = [.. ids.Distinct(StringComparer.Ordinal)];
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction)
        {
            BatchCommands =
            {
                EventFeed.OfWorkspace(workspace), AccountLock.OfSkipped(workspace, distinct),
                new(hold) { Parameters = { Texts(distinct) } }, new(read) { Parameters = { Texts(distinct) } },
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(ct);
        for (var before = 0; before < 3; before++) await reader.NextResultAsync(ct);
        var held = new List<HeldRow>(distinct.Length);
        while (await reader.ReadAsync(ct))
        {
            held.Add(new(
                reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetFieldValue<byte[]>(3), reader.GetString(4), reader.GetString(5),
                reader.GetBoolean(6), reader.GetBoolean(7), await reader.IsDBNullAsync(8, ct) ? null : reader.GetString(8), reader.GetBoolean(9)));
        }
        return held;
    }

    private static NpgsqlBatchCommand Settle(string[] ids, string person, DecideSkippedRequest asked, DateTimeOffset now) => new(
        "update skipped_row set status = $2, decided_by = $3, decided_at = $4, decision_reason = $5 where id = any($1)")
    {
        Parameters =
        {
            Texts(ids), new() { Value = SkippedRules.StatusAfter(asked.Decision) }, new() { Value = person }, new() { Value = now },
            new() { Value = asked.Reason },
        },
    };

    // The rules of the source may change; what a person left out stays out.
    private static NpgsqlBatchCommand LeaveOut(string[] ids) => new("""
        update provider_object as o set reason = $2 from skipped_row as s
        where s.id = any($1) and (o.tenant_id, o.environment, o.provider_id) = (s.tenant_id, s.environment, s.provider_id)
        """)
    {
        Parameters = { Texts(ids), new() { Value = Judge.Excluded } },
    };

    // With a transaction goes all that waited for it; the Ledger is told of transactions first.
    private static NpgsqlBatchCommand LetIn(string[] ids, DateTimeOffset now) => new("""
        with included as (
          update provider_object as o set standing = 'counts', reason = $2, told_revision = o.revision from skipped_row as s
          where s.id = any($1) and (o.tenant_id, o.environment, o.provider_id) = (s.tenant_id, s.environment, s.provider_id)
          returning o.tenant_id, o.source_id, o.environment, o.kind, o.provider_id, o.revision, o.content, s.last_run as run_id, true as included
        ), released as (
          update provider_object as a set standing = 'counts', reason = null, told_revision = a.revision from included as i
          where (a.tenant_id, a.environment, a.transaction_id) = (i.tenant_id, i.environment, i.provider_id) and a.standing = 'waiting'
          returning a.tenant_id, a.source_id, a.environment, a.kind, a.provider_id, a.revision, a.content, i.run_id, false as included
        )
        insert into outbox (tenant_id, source_id, environment, run_id, page_no, row_no, kind, provider_id, revision, content, included, at, traceparent)
        select tenant_id, source_id, environment, run_id, 0, 0, kind, provider_id, revision, content, included, $3, $4
        from (select * from included union all select * from released) as told order by kind desc, provider_id
        """)
    {
        Parameters =
        {
            Texts(ids), new() { Value = Judge.Included }, new() { Value = now },
            new() { Value = (object?)Activity.Current?.Id ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
        },
    };

    private static async Task<bool> Append(
        NpgsqlTransaction transaction, string workspace, AskedBy asking, SkippedRowsDecided happened, DateTimeOffset at, CancellationToken ct)
    {
        var name = asking.Command ?? Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        var sealedEvent = ConnectorEvents.Catalog.Seal(happened, EventId.Of(workspace, name, 1), at, asking.Origin);
        var answers = await EventLog.Append(transaction, [new Entry(workspace, Stream, asking.Command, null, [sealedEvent])], ct);
        if (answers[0].Outcome != Outcome.Appended) return false;
        await transaction.CommitAsync(ct);
        return true;
    }

    private static NpgsqlParameter Texts(string[] values) => new() { Value = values, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };
}
