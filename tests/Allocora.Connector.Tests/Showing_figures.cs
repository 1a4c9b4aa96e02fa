using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Allocora.EventStore;
using Allocora.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Allocora.Connector.Tests;

/// <summary>The gauges tell what the tables hold, and only one instance tells it.</summary>
public sealed class Showing_figures : IAsyncLifetime
{
    // Other tests show figures of theirs meanwhile; nothing else is so old or so many.
    private const string Reason = "only-in-this-test";
    private static readonly TimeSpan Freshness = TimeSpan.FromDays(1_234), OldestUntold = TimeSpan.FromDays(2_345);
    private const int Untold = 12_345;
    private ConnectorDatabase database = null!;

    public async Task InitializeAsync() => database = await ConnectorDatabase.Create();

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task Of_a_database_with_nothing_in_it_there_is_no_freshness_and_nothing_waits()
    {
        var read = await Read();
        Assert.Null(read.Freshness);
        Assert.Empty(read.ToReview);
        Assert.Equal((0L, TimeSpan.Zero), (read.Untold, read.OldestUntold));
    }

    [Fact]
    public async Task The_source_that_was_read_the_longest_ago_counts_if_it_is_active()
    {
        await Source("src_1", "active", "now() - interval '2 hours'");
        await Source("src_2", "active", "now() - interval '3 hours'");
        await Source("src_3", "paused", "now() - interval '9 hours'");
        Near(TimeSpan.FromHours(3), (await Read()).Freshness!.Value);

        await Source("src_4", "active", "null"); // connected five hours ago, and never read
        Near(TimeSpan.FromHours(5), (await Read()).Freshness!.Value);
    }

    [Fact]
    public async Task Paddles_clock_may_be_ahead_of_ours()
    {
        await Source("src_1", "active", "now() + interval '2 hours'");
        await Outbox(1, "now() + interval '2 hours'");
        var read = await Read();
        Assert.Equal(TimeSpan.Zero, read.Freshness);
        Assert.Equal((1L, TimeSpan.Zero), (read.Untold, read.OldestUntold));
    }

    [Fact]
    public async Task Every_gauge_shows_its_figure()
    {
        await Fill();
        var seen = new ConcurrentQueue<(string Name, string? Attribute, double Value)>();
        using var listener = Listen(seen);
        await using var connector = await RunningConnector.Start(new ConnectorWish { Database = database });
        await Shows("allocora.sync.freshness", "allocora.stream=transactions", Freshness.TotalSeconds, 300);
        await Shows("allocora.sync.review.pending", $"allocora.skip.reason={Reason}", 3, 1);
        await Shows("allocora.outbox.pending", null, Untold, 1);
        await Shows("allocora.outbox.oldest_age", null, OldestUntold.TotalSeconds, 300);

        Task Shows(string name, string? attribute, double atLeast, double beyond) => Eventually.Sees(() =>
        {
            seen.Clear();
            listener.RecordObservableInstruments();
            return seen.ToArray();
        }, all => all.Any(s => s.Name == name && s.Attribute == attribute && s.Value >= atLeast && s.Value < atLeast + beyond));
    }

    [Fact]
    public async Task Of_several_instances_one_shows_figures_and_another_takes_over()
    {
        var time = new ManualTime();
        await using var elsewhere = Database.Source(new(database.AddressOf("connector_worker")), "connector");
        using var first = new Figures(database.Worker, time, NullLogger<Figures>.Instance);
        using var second = new Figures(elsewhere, time, NullLogger<Figures>.Instance);
        await first.StartAsync(default);
        await Eventually.Sees(() => IsShown(first), isShown => isShown);
        await second.StartAsync(default);
        await Eventually.Sees(HasAskedInVain, hasAsked => hasAsked);
        Assert.False(IsShown(second));

        await first.StopAsync(default);
        Assert.False(IsShown(first));
        await Eventually.Sees(() =>
        {
            time.Advance(TimeSpan.FromSeconds(15));
            return IsShown(second);
        }, isShown => isShown);
        await second.StopAsync(default);
    }

    [Fact]
    public async Task What_the_broker_has_not_confirmed_is_counted_and_its_oldest_aged()
    {
        await Fill();
        await Outbox(5, "now() - interval '9999 days'", sent: "now()");
        var read = await Read();
        Assert.Equal(Untold, read.Untold);
        Near(OldestUntold, read.OldestUntold);
        Assert.Equal(3, Assert.Single(read.ToReview).Value);
    }

    private static bool IsShown(Figures figures) => ConnectorTelemetry.Figures.ContainsKey(figures);

    // Whoever got the lock has asked for more since.
    private async Task<bool> HasAskedInVain(CancellationToken ct)
    {
        await using var command = database.Worker.CreateCommand("""
            select exists (select from pg_stat_activity where datname = current_database() and state = 'idle' and query like 'select pg_try_advisory_lock%')
            """);
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    private async Task<FiguresRead> Read()
    {
        await using var connection = await database.Worker.OpenConnectionAsync();
        return await Figures.Read(connection, default);
    }

    private async Task Fill()
    {
        await Source("src_1", "active", $"now() - interval '{Freshness.TotalDays} days'");
        await Outbox(Untold - 1, "now()");
        await Outbox(1, $"now() - interval '{OldestUntold.TotalDays} days'");
        await database.Ask($"""
            insert into skipped_row (tenant_id, id, source_id, environment, provider_id, kind, reason, detail, amount, currency, provider_status,
              occurred_at, revision, first_run, last_run, opened_at, status, decided_at)
            select 'ws', 'skp_' || n, 'src_1', 'sandbox', 'txn_' || n, 'transaction', '{Reason}', '', 0, 'USD', 'paid', now(), '', 'run', 'run', now(),
              case when n > 3 then 'excluded' else 'open' end, now()
            from generate_series(1, 4) as n
            """);
    }

    private Task<object?> Source(string id, string state, string since) => database.Ask($"""
        insert into source (tenant_id, id, name, environment, currencies, custom_data_keys, interval_minutes, state, lacks, connected_at, version,
          transactions_since)
        values ('ws', '{id}', 'Ours', 'sandbox', array[]::text[], array[]::text[], 60, '{state}', array[]::text[], now() - interval '5 hours', 1, {since})
        """);

    // Of a source that is not there, so that nobody tells it.
    private Task<object?> Outbox(int count, string at, string sent = "null") => database.Ask($"""
        insert into outbox (tenant_id, source_id, environment, run_id, page_no, row_no, kind, provider_id, included, at, sent_at)
        select 'ws', 'src_gone', 'sandbox', 'run_1', 1, n, 'transaction', 'txn_' || n, false, {at}, {sent} from generate_series(1, {count}) as n
        """);

    private static void Near(TimeSpan wanted, TimeSpan read) => Assert.InRange(read, wanted, wanted + TimeSpan.FromMinutes(5));

    private static MeterListener Listen(ConcurrentQueue<(string, string?, double)> seen)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument is { IsObservable: true, Meter.Name: ConnectorTelemetry.Name }) self.EnableMeasurementEvents(instrument);
            },
        };
        void Keep(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            seen.Enqueue((instrument.Name, tags.Length == 0 ? null : $"{tags[0].Key}={tags[0].Value}", value));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Keep(instrument, value, tags));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Keep(instrument, value, tags));
        listener.Start();
        return listener;
    }
}
