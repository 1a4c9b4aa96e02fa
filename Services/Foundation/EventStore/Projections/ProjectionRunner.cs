using System.Diagnostics;
using Npgsql;

namespace Allocora.EventStore;

/// <summary>How far a runner came.</summary>
public enum CaughtUp
{
    /// <summary>There was nothing left to apply; a version that is being built stands where the one that is served stands.</summary>
    WithTheLog,

    /// <summary>Another runner is at work on the same version.</summary>
    BySomeoneElse,

    /// <summary>A later release has dropped this version.</summary>
    Never,
}

/// <summary>
/// Keeps one version of one projection up with its log: rows and position move in one transaction, under a lock on the row of the
/// position, so any number of runners may run. A version that is not served yet stays behind the one that is, until it replaces it.
/// </summary>
public sealed class ProjectionRunner(Projection projection, string service, EventFeed upstream, NpgsqlDataSource own, TimeProvider time)
{
    public const int PageSize = 10_000;

    /// <summary>A version being built replaces the one that is served when no more than this lies between them.</summary>
    private const int NearEnough = 100;

    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(1);
    private readonly ProjectionSwitch takingOver = new(projection, service);
    private long? lastTold;

    private enum Step
    {
        Moved,
        MovedBehind,
        Nothing,
        Taken,
        Gone,
    }

    public Projection Projection => projection;

    /// <summary>Whether this version was still being built when last looked at, so that another one is read.</summary>
    public bool IsBehind { get; private set; }

    /// <summary>Applies all there is, a page at a time.</summary>
    /// <exception cref="ProjectionStoppedException">An event cannot be applied; all before it are.</exception>
    /// <exception cref="ProjectionRefusedException">The version is built, but its rows are not those it promised.</exception>
    public async Task<CaughtUp> Run(CancellationToken ct)
    {
        await using var pages = new PageReader(upstream);
        var most = PageSize;
        while (true)
        {
            var started = time.GetTimestamp();
            try
            {
                var step = await Take(pages, most, ct);
                if (step is Step.Nothing) return CaughtUp.WithTheLog;
                if (step is Step.Taken) return CaughtUp.BySomeoneElse;
                if (step is Step.Gone) return CaughtUp.Never;
                // Building may take half of one core at most: those who are served come first.
                if (step is Step.MovedBehind) await Task.Delay(time.GetElapsedTime(started), time, ct);
                most = Math.Min(most * 2, PageSize);
            }
            catch (ProjectionStoppedException stopped) when (stopped.Count > 1)
            {
                // One of them cannot be applied. What comes before it can, in ever smaller pages.
                most = stopped.Count / 2;
            }
        }
    }

    private async Task<Step> Take(PageReader pages, int most, CancellationToken ct)
    {
        await using var connection = await own.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await Claim(connection, ct) is not { } claim) return await WhyNot(connection, ct);

        var page = await pages.After(claim.Position, most, ct);
        var isFull = page.Count == most;
        IsBehind = claim.Served < projection.Version;
        if (IsBehind)
        {
            if (claim.ServedPosition - claim.Position <= NearEnough) return await TakeOver(transaction, claim, most, ct);
            page = UpTo(page, claim.ServedPosition);
        }
        if (page.Count == 0)
        {
            EventStoreTelemetry.Reached(projection, claim.Position, claim.Position, TimeSpan.Zero);
            return Step.Nothing;
        }
        var last = page[^1].Sequence;
        if (isFull) await pages.Ahead(last, most);
        if (!await Write(connection, claim.Position, page, ct)) return Step.Taken;
        await transaction.CommitAsync(ct);

        await Tell(page[^1], isFull, ct);
        return IsBehind ? Step.MovedBehind : Step.Moved;
    }

    // The event after the last one is not read for this; it is hardly younger.
    private async Task Tell(StoredEvent last, bool isMore, CancellationToken ct)
    {
        if (isMore && lastTold is { } before && time.GetElapsedTime(before) < TellEvery) return;
        lastTold = time.GetTimestamp();
        EventStoreTelemetry.Reached(
            projection, last.Sequence, isMore ? await upstream.Head(ct) : last.Sequence, isMore ? time.GetUtcNow() - last.At : TimeSpan.Zero);
    }

    private async Task<(long Position, int Served, long ServedPosition)?> Claim(NpgsqlConnection connection, CancellationToken ct)
    {
        // A process that is paused in the middle must not keep the others from going on. What a crash of the server takes back
        // is rows and position alike, so nothing has to wait for the disk.
        const string settings = """
            select set_config('search_path', $1, true), set_config('lock_timeout', '10s', true),
              set_config('idle_in_transaction_session_timeout', '30s', true),
              set_config('synchronous_commit', 'off', true)
            """;
        const string claim = """
            select p.last_seq_id, c.version, coalesce(s.last_seq_id, 0)
            from mt_event_progression as p
            join projection_current as c on c.name = $2
            left join mt_event_progression as s on s.name = $2 || ':v' || c.version
            where p.name = $1
            for update of p skip locked
            """;
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new(settings) { Parameters = { new() { Value = $"{projection.SchemaIn(service)}, {service}, pg_temp" } } },
                new(claim) { Parameters = { new() { Value = projection.PositionName }, new() { Value = projection.Name } } },
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        return await reader.ReadAsync(ct) ? (reader.GetInt64(0), reader.GetInt32(1), reader.GetInt64(2)) : null;
    }

    private async Task<Step> WhyNot(NpgsqlConnection connection, CancellationToken ct)
    {
        const string question = """
            select exists (select from mt_event_progression where name = $1),
              exists (select from projection_current where name = $2 and version > $3)
            """;
        await using var command = new NpgsqlCommand(question, connection)
        {
            Parameters = { new() { Value = projection.PositionName }, new() { Value = projection.Name }, new() { Value = projection.Version } },
        };
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        if (reader.GetBoolean(0)) return Step.Taken;
        return reader.GetBoolean(1) ? Step.Gone : throw new SchemaException($"There are no tables for {projection}; run migrate.");
    }

    private async Task<Step> TakeOver(
        NpgsqlTransaction transaction, (long Position, int Served, long ServedPosition) claim, int most, CancellationToken ct)
    {
        var connection = transaction.Connection!;
        // From here on the version that is served stands still. Its readers do not notice.
        if (await ProjectionSwitch.Hold(connection, projection.Name, claim.Served, ct) is not { } target) return Step.Moved;
        await using var pages = new PageReader(upstream);
        for (var position = claim.Position; position < target;)
        {
            var page = UpTo(await pages.After(position, most, ct), target);
            if (page.Count == 0) throw new SchemaException($"The log ends before {target}, where {projection} has to begin to be served.");
            if (!await Write(connection, position, page, ct)) return Step.Taken;
            position = page[^1].Sequence;
        }
        await takingOver.To(connection, claim.Served, ct);
        await transaction.CommitAsync(ct);
        return Step.Moved;
    }

    private async Task<bool> Write(NpgsqlConnection connection, long position, IReadOnlyList<StoredEvent> page, CancellationToken ct)
    {
        using var activity = EventStoreTelemetry.Apply(projection, page);
        await using var batch = new NpgsqlBatch(connection);
        try
        {
            projection.Apply(page, new(batch));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            activity?.SetStatus(ActivityStatusCode.Error);
            throw new ProjectionStoppedException(projection, page, e);
        }
        // The lock alone would do as long as it is held; a connection that was lost and came back does not hold it.
        var move = new NpgsqlBatchCommand(
            "update mt_event_progression set last_seq_id = $3, last_updated = transaction_timestamp() where name = $1 and last_seq_id = $2")
        {
            Parameters = { new() { Value = projection.PositionName }, new() { Value = position }, new() { Value = page[^1].Sequence } },
        };
        batch.BatchCommands.Add(move);
        try
        {
            await batch.ExecuteNonQueryAsync(ct);
        }
        catch (PostgresException e) when (IsAboutTheEvents(e))
        {
            activity?.SetStatus(ActivityStatusCode.Error);
            throw new ProjectionStoppedException(projection, page, e);
        }
        return move.RecordsAffected == 1;
    }

    // Anything else is about the server, the connection or those who work beside us, and goes away by itself.
    private static bool IsAboutTheEvents(PostgresException e) =>
        !e.IsTransient && e.SqlState[..2] is not ("08" or "25" or "40" or "53" or "55" or "57" or "58" or "XX");

    private static IReadOnlyList<StoredEvent> UpTo(IReadOnlyList<StoredEvent> page, long last) =>
        page.Count == 0 || page[^1].Sequence <= last ? page : [.. page.TakeWhile(e => e.Sequence <= last)];
}
