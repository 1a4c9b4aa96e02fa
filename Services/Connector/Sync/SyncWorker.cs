using Allocora.Contracts;
using Allocora.EventStore;
using Npgsql;

namespace Allocora.Connector;

/// <summary>Works on the runs that are to be done, many at a time and of each source one.</summary>
internal sealed partial class SyncWorker(
    NpgsqlDataSource worker, RunSync sync, OpenKey keys, StopSource stop, SyncOptions options, TimeProvider time, ILogger<SyncWorker> logger)
    : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PauseMin = TimeSpan.FromSeconds(1), PauseMax = TimeSpan.FromMinutes(5);
    private readonly SyncRuns runs = new(worker);
    private readonly Claims claims = new(worker, options.Lease);
    private readonly EndRun end = new(worker, options.Overlap);
    private readonly string me = $"{Environment.MachineName}/{Environment.ProcessId}/{NewId.For("wrk", time.GetUtcNow())}";
    private readonly Dictionary<string, Task> working = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await new EventFeed(worker, time).Follow(LookEvery, Look, stoppingToken);
        }
        finally
        {
            await Task.WhenAll(working.Values); // each gives its claim back
        }
    }

    private async Task Look(CancellationToken ct)
    {
        foreach (var (source, _) in working.Where(w => w.Value.IsCompleted).ToList()) working.Remove(source);
        await runs.Schedule(time.GetUtcNow(), ct);
        await runs.Settle(ct);
        foreach (var run in await runs.Open(options.RunsAtOnce + working.Count, ct))
        {
            if (working.Count >= options.RunsAtOnce) return;
            if (working.ContainsKey(run.Source)) continue;
            if (await claims.Take(run.Source, me, ct) is not { } claim) continue;
            working[run.Source] = Task.Run(() => Work(run, claim, ct), CancellationToken.None);
        }
    }

    private async Task Work(SyncRun run, Claim claim, CancellationToken ct)
    {
        using var lost = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var keeping = Keep(claim, lost);
        var started = time.GetTimestamp();
        var (result, error) = ("failure", (string?)null);
        using var scope = logger.BeginScope(new Dictionary<string, object> { ["allocora.run.id"] = run.Id, ["allocora.workspace.id"] = run.Workspace });
        using var span = ConnectorTelemetry.StartRun(run);
        try
        {
            (result, error) = await Do(run, claim, lost.Token);
        }
        catch (FencedException)
        {
            (result, error) = ("waiting", "fenced");
            Lost(run.Id);
        }
        catch (OperationCanceledException) when (lost.IsCancellationRequested)
        {
            result = "waiting";
        }
        catch (NoKeyException)
        {
            (result, error) = await Fail(run, claim, "credential-missing", "The source was disconnected.", ct);
        }
        catch (Exception e) when (e is not NpgsqlException || e is PostgresException { SqlState: ['2', '2' or '3', ..] })
        {
            // A fault of ours, or data the database refuses: it would be the same again. The error's text may quote a page.
            Broke(run.Id, e.GetType().Name, e.TargetSite?.DeclaringType?.FullName);
            (result, error) = await Fail(run, claim, "internal-error", "It met something it was not made for. The log of the connector names it.", ct);
        }
        catch (NpgsqlException e)
        {
            // Nothing of the page was written. Whoever claims the run next goes on where it stands.
            (result, error) = ("waiting", "database");
            NoDatabase(run.Id, e.SqlState ?? "no answer");
        }
        finally
        {
            ConnectorTelemetry.EndRun(run, result, error, time.GetElapsedTime(started));
            await lost.CancelAsync();
            await keeping;
            await GiveBack(claim);
        }
    }

    /// <returns>How it went, for the figures.</returns>
    private async Task<(string Result, string? Error)> Do(SyncRun run, Claim claim, CancellationToken ct)
    {
        if (await ReadSources.Load(worker, run.Source, ct) is not { IsActive: true } source) return ("waiting", null);
        var plan = run.Plan is { } kept
            ? RunPlan.Read(kept)
            : RunPlan.Begin(run.Mode == "full", await Marks(source, ct), source.Lacks, await SweepIsDue(source, ct));
        if (!await runs.Take(run, claim, plan, ct)) return ("waiting", null);
        Begins(run.Id, run.Mode, source.Id);
        var access = await keys.Open(source, ct);
        using var key = access.Key;
        var (at, interrupted) = await sync.Execute(run, source, plan, claim, access, ct);
        var failures = interrupted is { HasRead: true } ? 0 : run.Failures; // in a row
        switch (interrupted)
        {
            case null when await end.Finish(run, source, at, claim, ct) is { } wrong:
                return await Fail(run, claim, "rows-do-not-add-up", wrong, ct);
            case null:
                Ended(run.Id);
                return ("success", null);
            case { State: "waiting" } when failures + 1 >= options.FailuresMax:
                return await Fail(run, claim, interrupted.Code!, interrupted.Detail, ct);
            case { State: "waiting" }:
                var pause = interrupted.ComeBackIn ?? TimeSpan.FromTicks(Math.Min(PauseMin.Ticks << Math.Min(failures, 8), PauseMax.Ticks));
                await runs.Wait(run, claim, pause * (1 + Random.Shared.NextDouble() / 4), interrupted.Code!, ct);
                return ("waiting", interrupted.Code);
            case { State: "failed" }:
                if (interrupted.Code == "credential-invalid") await stop.Stop(run.Workspace, run.Source, interrupted.Code, ct);
                return await Fail(run, claim, interrupted.Code!, interrupted.Detail, ct);
            default:
                await runs.End(run, claim, interrupted.State, null, null, ct);
                return (interrupted.State, null);
        }
    }

    private async Task<(string, string?)> Fail(SyncRun run, Claim claim, string code, string? detail, CancellationToken ct)
    {
        await runs.End(run, claim, "failed", code, detail, ct);
        Failed(run.Id, code);
        return ("failure", code);
    }

    private async Task<SourceMarks> Marks(Source source, CancellationToken ct)
    {
        // Ids grow with time, but not so exactly that one from a moment ago could not still come before the newest.
        await using var command = worker.CreateCommand("""
            select s.transactions_since, s.events_after, s.swept_at, s.sweep_mark, (
              select o.provider_id from provider_object as o
              where o.source_id = s.id and o.kind = 'adjustment' and o.created_at <= (
                select n.created_at from provider_object as n where n.source_id = s.id and n.kind = 'adjustment' order by n.provider_id desc limit 1)
                - interval '1 hour'
              order by o.provider_id desc limit 1)
            from source as s where s.tenant_id = $1 and s.id = $2
            """);
        command.Parameters.Add(new() { Value = source.Workspace });
        command.Parameters.Add(new() { Value = source.Id });
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return new(
            reader.IsDBNull(0) ? null : reader.GetFieldValue<DateTimeOffset>(0), Text(1), reader.IsDBNull(2) ? null : reader.GetFieldValue<DateTimeOffset>(2),
            Text(3), Text(4));

        string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
    }

    private async Task<bool> SweepIsDue(Source source, CancellationToken ct)
    {
        // By either clock: Paddle's, as the last answer of any run had it, or ours since the last run that read everything.
        await using var command = worker.CreateCommand("""
            select s.swept_at + $2 <= (
              select max(p.at) from sync_page as p where p.tenant_id = s.tenant_id and p.run_id = (
                select max(r.id) from sync_run as r where r.tenant_id = s.tenant_id and r.source_id = s.id and r.pages > 0))
              or clock_timestamp() >= $2 + (
                select max(r.started_at) from sync_run as r
                where r.tenant_id = s.tenant_id and r.source_id = s.id and r.state in ('delivering', 'succeeded') and (r.plan->>'Sweeps')::boolean)
            from source as s where s.id = $1
            """);
        command.Parameters.Add(new() { Value = source.Id });
        command.Parameters.Add(new() { Value = options.SweepEvery });
        return await command.ExecuteScalarAsync(ct) is true;
    }

    private async Task Keep(Claim claim, CancellationTokenSource lost)
    {
        using var timer = new PeriodicTimer(options.Lease / 3, time);
        try
        {
            while (await timer.WaitForNextTickAsync(lost.Token))
                if (!await claims.Keep(claim, lost.Token)) await lost.CancelAsync();
        }
        catch (OperationCanceledException) when (lost.IsCancellationRequested)
        {
            return; // the work is over
        }
        catch (NpgsqlException e)
        {
            NoDatabase(claim.What, e.SqlState ?? "no answer");
            await lost.CancelAsync(); // what cannot be kept is lost soon
        }
    }

    private async Task GiveBack(Claim claim)
    {
        try
        {
            await claims.GiveBack(claim, CancellationToken.None);
        }
        catch (NpgsqlException e)
        {
            NoDatabase(claim.What, e.SqlState ?? "no answer"); // it runs out by itself
        }
    }

    [LoggerMessage(LogLevel.Information, "{Run} ({Mode}) of {Source} begins or goes on")]
    private partial void Begins(string run, string mode, string source);

    [LoggerMessage(LogLevel.Information, "{Run} has read all it wanted")]
    private partial void Ended(string run);

    [LoggerMessage(LogLevel.Warning, "{Run} has failed: {Code}")]
    private partial void Failed(string run, string code);

    [LoggerMessage(LogLevel.Error, "{Run} broke off: {Error} in {Where}")]
    private partial void Broke(string run, string error, string? where);

    [LoggerMessage(LogLevel.Warning, "Somebody else works on {Run} now")]
    private partial void Lost(string run);

    [LoggerMessage(LogLevel.Warning, "The database does not let {What} go on ({Reason}); it is tried again")]
    private partial void NoDatabase(string what, string reason);
}
