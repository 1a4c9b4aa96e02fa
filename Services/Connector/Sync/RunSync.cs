using System.Diagnostics;
using System.Security.Cryptography;
using Allocora.Messaging;
using Npgsql;

namespace Allocora.Connector;

/// <summary>How working on a run ended, when it was not over.</summary>
/// <param name="HasRead">It got some pages before.</param>
internal sealed record Interrupted(string State, string? Code, string? Detail, TimeSpan? ComeBackIn, bool HasRead = false);

/// <summary>Reads one run, page by page, from where it stands to its end. Whatever ends the process on the way, whoever goes on loses nothing.</summary>
internal sealed class RunSync(NpgsqlDataSource worker, PaddleClient paddle, PaddleOptions options, TimeProvider time)
{
    private static readonly TimeSpan EventsAreLate = TimeSpan.FromMinutes(10);
    private readonly CommitRows rows = new(worker, time);
    private readonly CommitLists lists = new(worker);

    /// <returns>The plan at its end; or what stands in the way.</returns>
    public async Task<(RunPlan Plan, Interrupted? Interrupted)> Execute(
        SyncRun run, Source source, RunPlan plan, Claim claim, PaddleAccess access, CancellationToken ct)
    {
        var page = new PageOf(source, run.Id, run.Mode, claim);
        var urgency = plan.IsFull || plan.Since is null ? Urgency.Bulk : Urgency.Incremental;
        var (started, hasRead) = (Activity.Current, false);
        while (plan.Now is { } lane)
        {
            var ids = lane is Lane.OpenAdjustments or Lane.AwaitedTransactions ? await Ids(source, lane, plan.After, ct) : [];
            if (Requests.Of(plan, source, ids) is not { } request)
            {
                plan = plan.LaneDone();
                continue;
            }
            using var span = ConnectorTelemetry.StartPage(lane, run.Id, started);
            try
            {
                var answer = await paddle.Get(access, urgency, request.Path, ct);
                FaultPoint.Reach("after-fetch");
                (plan, var asked) = await Commit(page, plan, request, answer, ct);
                FaultPoint.Reach("after-page-commit");
                hasRead = true;
                if (asked is not null) return (plan, new(asked == "pause" ? "paused" : "cancelled", null, null, null));
            }
            catch (PaddleRefusedException e) when (e.IsAboutPermission && IsOptional(lane))
            {
                // Without this permission a sync finds the same later, by other lanes.
                plan = plan.LaneDone();
            }
            catch (PaddleRefusedException e)
            {
                var code = e.IsAboutTheKey ? "credential-invalid" : e.IsAboutPermission ? "credential-missing-permission" : "provider-refused";
                return (plan, new("failed", code, e.Message, null));
            }
            catch (PaddleNonsenseException e)
            {
                return (plan, new("failed", e.Code, e.Message, null));
            }
            catch (PaddleUnavailableException e)
            {
                return (plan, new("waiting", e.Code, e.Message, e.ComeBackIn, hasRead));
            }
        }
        return (plan, null);
    }

    private static bool IsOptional(Lane lane) => lane is Lane.Events or Lane.PastPayouts or Lane.Products or Lane.Prices;

    private async Task<(RunPlan, string?)> Commit(PageOf page, RunPlan plan, PaddleRequest request, PaddleAnswer answer, CancellationToken ct)
    {
        var sha = SHA256.HashData(answer.Body.Span);
        if (request.Kind is not { } kind) return await CommitList(page, plan, request, answer, sha, ct);

        var read = ReadPages.Read(answer.Body, kind, page.Source.Terms.CustomDataKeys, options.AddressOf(page.Source.Environment), request.List);
        Forward(plan, request, read.NextAfter);
        var fetched = new FetchedPage(request.Lane.ToString(), request.Path, answer, sha, read.Rows.Count, read.NextAfter, read.EstimatedTotal);
        var (judged, next, asked) = await rows.Commit(page, fetched, kind, read, judged => plan.Next(
            new(answer.At, read.NextAfter, [.. read.Rows.Select(r => r.Id).OfType<string>()], read.EstimatedTotal, judged.Reversals, [], NamesProducts: false),
            request.Named), ct);
        ConnectorTelemetry.Count(kind, judged);
        return (next!, asked);
    }

    private async Task<(RunPlan, string?)> CommitList(
        PageOf page, RunPlan plan, PaddleRequest request, PaddleAnswer answer, byte[] sha, CancellationToken ct)
    {
        var list = ReadLists.Read(answer.Body, options.AddressOf(page.Source.Environment), request.List);
        Forward(plan, request, list.NextAfter);
        var fetched = new FetchedPage(request.Lane.ToString(), request.Path, answer, sha, 0, list.NextAfter, list.EstimatedTotal);
        if (request.Lane is Lane.Products or Lane.Prices)
        {
            var entries = list.Read(row => CatalogueEntry.Read(row, request.Lane == Lane.Products ? CatalogueEntry.Product : CatalogueEntry.Price));
            var then = plan.Next(new(answer.At, list.NextAfter, [.. entries.Select(e => e.Id)], list.EstimatedTotal, [], [], NamesProducts: false), []);
            return (then, await lists.Products(page, fetched, entries, then, ct));
        }
        var events = list.Read(EventRow.Read);
        // The first look at events only finds the place of the last one.
        var isPlace = request.Lane == Lane.Events && plan.EventsAfter is null;
        IReadOnlyList<EventRow> counted = isPlace ? [] : events;
        // The next run reads the last of them again: one may become visible later than another that has a greater id.
        var settled = events.Where(e => isPlace || e.OccurredAt <= answer.At - EventsAreLate);
        var next = plan.Next(new(
            answer.At, list.NextAfter, [.. settled.Select(e => e.Id)], list.EstimatedTotal, [],
            [.. counted.Where(e => e is { IsAboutAdjustment: true, EntityId: not null }).Select(e => e.EntityId!).Where(IsAdjustment).Distinct()],
            counted.Any(e => e.IsAboutCatalogue)), []);
        return (next, await lists.Events(page, fetched, counted, next, ct));
    }

    // An id from an event goes into a request of ours.
    private static bool IsAdjustment(string id) => Field.IsId(id, ReadAdjustment.Prefix);

    /// <summary>A list that leads back to where it was would be read for ever.</summary>
    private static void Forward(RunPlan plan, PaddleRequest request, string? next)
    {
        var isBackwards = request.Path.Contains("[DESC]", StringComparison.Ordinal);
        if (plan.After is { } after && next is not null && !isBackwards && string.CompareOrdinal(next, after) <= 0)
            throw new PaddleNonsenseException("provider-loop", $"The next page of {request.List} does not lie behind this one.");
    }

    private async Task<IReadOnlyList<string>> Ids(Source source, Lane lane, string? after, CancellationToken ct)
    {
        await using var command = worker.CreateCommand(lane == Lane.OpenAdjustments
            ? "select provider_id from provider_object where source_id = $1 and is_open and provider_id > $2 order by provider_id limit $3"
            : """
              (select distinct transaction_id as id from provider_object
                where source_id = $1 and standing = 'waiting' and reason = 'transaction-unknown' and transaction_id > $2 order by id limit $3)
              union
              (select provider_id from provider_object where source_id = $1 and look_again and provider_id > $2 order by provider_id limit $3)
              order by id limit $3
              """);
        command.Parameters.Add(new() { Value = source.Id });
        command.Parameters.Add(new() { Value = after ?? "" });
        command.Parameters.Add(new() { Value = lane == Lane.OpenAdjustments ? Requests.AdjustmentsNamed : Requests.TransactionsNamed });
        var ids = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) ids.Add(reader.GetString(0));
        return ids;
    }
}
