using System.Text.Json;
using Npgsql;
using NpgsqlTypes;

namespace Allocora.Connector;

/// <summary>The run a page belongs to, and the claim under which it was read.</summary>
internal sealed record PageOf(Source Source, string Run, string Mode, Claim Claim);

/// <summary>A page as it came: what was asked, and what identifies the answer.</summary>
internal sealed record FetchedPage(string Lane, string Request, PaddleAnswer Answer, byte[] Sha256, int Rows, string? NextAfter, long? EstimatedTotal);

/// <summary>What a page adds to its run.</summary>
/// <param name="Outcomes">How many of its rows had which outcome.</param>
/// <param name="Found">How many of them were news.</param>
internal sealed record PageSums(IReadOnlyDictionary<string, long> Outcomes, long Found, long Released);

/// <summary>
/// Everything a page leads to is written in one transaction: evidence, outcomes, what is to be told, and where the run goes on. It is
/// written only under the claim that is in force, and judged with nobody else judging the same account.
/// </summary>
internal sealed class PageTransaction : IAsyncDisposable
{
    private readonly NpgsqlConnection connection;
    private readonly NpgsqlTransaction transaction;
    private readonly PageOf page;
    private readonly Counters before;

    private PageTransaction(NpgsqlConnection connection, NpgsqlTransaction transaction, PageOf page, Counters before) =>
        (this.connection, this.transaction, this.page, this.before) = (connection, transaction, page, before);

    /// <summary>The number of the page in its run.</summary>
    public long No => before.Pages + 1;

    /// <exception cref="FencedException">The claim is not in force any more.</exception>
    public static async Task<PageTransaction> Open(NpgsqlDataSource worker, PageOf page, CancellationToken ct)
    {
        var connection = await worker.OpenConnectionAsync(ct);
        PageTransaction? opened = null;
        try
        {
            var transaction = await connection.BeginTransactionAsync(ct);
            return opened = new(connection, transaction, page, await Fence(connection, transaction, page, ct));
        }
        finally
        {
            if (opened is null) await connection.DisposeAsync();
        }
    }

    public NpgsqlBatch Batch() => new(connection, transaction);

    /// <summary>Writes the page itself and what it adds to the run, after the statements of <paramref name="batch"/>, and commits.</summary>
    /// <param name="plan">Where the run goes on; null for one that has no plan.</param>
    /// <returns>What somebody asked the run to do: cancel, pause or nothing.</returns>
    public async Task<string?> Close(NpgsqlBatch batch, FetchedPage fetched, PageSums sums, string? plan, string? stage, CancellationToken ct)
    {
        var outcomes = Sum(before.Outcomes, sums.Outcomes);
        var lanes = Sum(before.Lanes, new Dictionary<string, long> { [fetched.Lane] = sums.Found });
        batch.BatchCommands.Add(new("""
            insert into sync_page (tenant_id, run_id, no, lane, request, status, request_id, sha256, rows, next_after, at, epoch)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            """)
        {
            Parameters =
            {
                new() { Value = page.Source.Workspace }, new() { Value = page.Run }, new() { Value = No }, new() { Value = fetched.Lane },
                new() { Value = fetched.Request }, new() { Value = fetched.Answer.Status }, Or(fetched.Answer.RequestId), new() { Value = fetched.Sha256 },
                new() { Value = fetched.Rows }, Or(fetched.NextAfter), new() { Value = fetched.Answer.At.ToUniversalTime() },
                new() { Value = page.Claim.Epoch },
            },
        });
        batch.BatchCommands.Add(new("""
            update sync_run set pages = pages + 1, rows = rows + $3, outcomes = $4, lanes = $5, released = released + $6, calls = calls + 1, plan = $7,
              stage = $8, estimated_total = coalesce($9, estimated_total), failures = 0
            where tenant_id = $1 and id = $2 returning stop_asked
            """)
        {
            Parameters =
            {
                new() { Value = page.Source.Workspace }, new() { Value = page.Run }, new() { Value = (long)sums.Outcomes.Values.Sum() },
                Json(outcomes), Json(lanes), new() { Value = sums.Released },
                new() { Value = (object?)plan ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Jsonb }, Or(stage),
                new() { Value = (object?)fetched.EstimatedTotal ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint },
            },
        });
        string? asked = null;
        await using (var reader = await batch.ExecuteReaderAsync(ct))
        {
            // Only the run's own update gives rows back.
            do
            {
                while (await reader.ReadAsync(ct)) asked = reader.IsDBNull(0) ? null : reader.GetString(0);
            }
            while (await reader.NextResultAsync(ct));
        }
        await transaction.CommitAsync(ct);
        return asked;
    }

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }

    private static async Task<Counters> Fence(NpgsqlConnection connection, NpgsqlTransaction transaction, PageOf page, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection, transaction);
        batch.BatchCommands.Add(AccountLock.Of(page.Source.Workspace, page.Source.Environment));
        batch.BatchCommands.Add(Claims.Hold(page.Source.Workspace, page.Run, page.Claim));
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        return await reader.ReadAsync(ct)
            ? new(reader.GetInt64(0), Read(reader.GetString(1)), Read(reader.GetString(2)))
            : throw new FencedException(page.Claim.What);
    }

    private static Dictionary<string, long> Read(string json) => JsonSerializer.Deserialize<Dictionary<string, long>>(json)!;

    private static Dictionary<string, long> Sum(IReadOnlyDictionary<string, long> a, IReadOnlyDictionary<string, long> b) =>
        a.Concat(b).GroupBy(e => e.Key).Select(e => (e.Key, Sum: e.Sum(v => v.Value))).Where(e => e.Sum != 0).ToDictionary(e => e.Key, e => e.Sum);

    private static NpgsqlParameter Json(Dictionary<string, long> value) => new() { Value = JsonSerializer.Serialize(value), NpgsqlDbType = NpgsqlDbType.Jsonb };

    private static NpgsqlParameter Or(string? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };

    private sealed record Counters(long Pages, Dictionary<string, long> Outcomes, Dictionary<string, long> Lanes);
}
