using System.Globalization;
using Allocora.Testing;

namespace Allocora.Bench;

/// <summary>How fast the Connector reads an account, how much memory it takes, and whether a large account slows the small syncs down.</summary>
internal static class SyncBench
{
    private const int SizeUsual = 100_000, RowsOfPage = 30, CallsPerMinute = 240, PagesAtPace = 560, Few = 10_000, Many = 1_000_000;
    private const double SecondsMax = 90, MegabytesMax = 300;
    private const string NoLimit = "--Paddle:CallsPerMinute=0";

    /// <param name="wanted">How many transactions; null for as many as the figure is known by.</param>
    public static async Task<IReadOnlyList<Figure>> Full(int? wanted)
    {
        var size = wanted ?? SizeUsual;
        await using var connector = await BenchedConnector.Start(size, NoLimit);
        var seconds = await connector.Sync("full");
        var told = (long)(await connector.Ask("select count(*) from outbox"))!;
        var arrived = await connector.Arrived();
        if (told < size / 2 || arrived < told) throw new InvalidOperationException($"{arrived} of {told} messages of {size} transactions have arrived.");
        return
        [
            AtMost($"full sync of {size.ToString("n0", CultureInfo.InvariantCulture)} transactions", "s", SecondsMax * size / SizeUsual, seconds, 1),
            AtMost("the connector's memory at its peak", "MB", MegabytesMax, connector.MemoryAtItsPeak(), 1),
        ];
    }

    public static async Task<IReadOnlyList<Figure>> AtPace()
    {
        await using var connector = await BenchedConnector.Start(PagesAtPace * RowsOfPage);
        await connector.Paddle(HttpMethod.Put, "/rate-limit", new { enabled = true, perMinute = CallsPerMinute });
        await connector.Paddle(HttpMethod.Delete, "/counters");
        var syncing = connector.Sync("full");
        // Until then it cannot be known here who else has called.
        await Eventually.Sees(
            _ => connector.Ask("select coalesce(max(clock_timestamp() - started_at), '0') > '1 minute' from sync_run"), isOver => isOver is true,
            TimeSpan.FromMinutes(2));
        await connector.Paddle(HttpMethod.Delete, "/counters");
        var seconds = await syncing;
        var counters = await connector.Paddle(HttpMethod.Get, "/counters");
        var refused = (double?)counters["statuses"]?["429"] ?? 0;
        var pages = (long)(await connector.Ask("select pages from sync_run"))!;
        return
        [
            AtMost($"full sync of {pages} pages at {CallsPerMinute} calls a minute", "s", pages * 60.0 / CallsPerMinute, seconds, 1.05),
            AtMost("calls refused after the first minute", "calls", (double)counters["calls"]!, refused, 0),
        ];
    }

    public static async Task<IReadOnlyList<Figure>> NothingNew()
    {
        await using var few = await BenchedConnector.Start(Few, NoLimit);
        await using var many = await BenchedConnector.Start(Few, NoLimit);
        await few.Sync("full");
        await many.Sync("full");
        var held = (long)(await few.Ask("select count(*) from provider_object"))!;
        await Fill(many);
        return
        [
            await Figure.Compare(
                string.Create(CultureInfo.InvariantCulture, $"normal sync: {Many:n0} held against {held:n0}"), "ms", 1.2,
                async () => await few.Sync("normal") * 1000, async () => await many.Sync("normal") * 1000),
        ];
    }

    // Ids that begin as those they are made of, so that they stand where as many sales would have put them, and none newer than what is really there.
    private static async Task Fill(BenchedConnector connector)
    {
        const string copied = "left({0}, 14) || substr(md5({0} || n), 1, 16)";
        string Copied(string column) => string.Format(CultureInfo.InvariantCulture, copied, column);
        await connector.Ask($"""
            insert into provider_object (tenant_id, environment, provider_id, kind, source_id, status, created_at, updated_at, revision, content, standing,
              reason, transaction_id, is_open, told_revision)
            select tenant_id, environment, {Copied("provider_id")}, kind, source_id, status, created_at, updated_at, revision, content, standing, reason,
              {Copied("transaction_id")}, is_open, told_revision
            from provider_object cross join generate_series(1, {Many / Few * 2}) as n
            where not is_open and standing = 'counts' and created_at < (select max(created_at) - interval '30 days' from provider_object)
            limit {Many} - (select count(*) from provider_object)
            on conflict do nothing
            """);
        await connector.Ask("vacuum analyze provider_object");
        var held = (long)(await connector.Ask("select count(*) from provider_object"))!;
        if (held < Many * 0.99) throw new InvalidOperationException($"There are {held} objects instead of {Many}.");
    }

    private static Figure AtMost(string what, string unit, double limit, double ours, double ratio) => new(what, unit, limit, ours, ratio) { IsMost = true };
}
