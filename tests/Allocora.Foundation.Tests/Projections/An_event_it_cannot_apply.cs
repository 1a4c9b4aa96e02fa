using System.Diagnostics;
using System.Diagnostics.Metrics;
using Allocora.EventStore;
using Allocora.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Allocora.Foundation.Tests.Projections;

public sealed class An_event_it_cannot_apply : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private LogDatabase database = null!;

    public async Task InitializeAsync() => database = await LogDatabase.Create();

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Theory]
    [InlineData(0, 500)]
    [InlineData(1, 0)]
    [InlineData(777, 3000)]
    [InlineData(2000, 1)]
    [InlineData(4100, 0)]
    public async Task Stops_it_right_there_and_after_the_repair_it_goes_on(int before, int after)
    {
        await database.Migrate(Sales.Projection());
        for (var left = before; left > 0; left -= 500) await database.Append(Math.Min(left, 500));
        var reached = await database.Feed.Head(default);
        await database.Append(1, amount: "not-a-number");
        for (var left = after; left > 0; left -= 500) await database.Append(Math.Min(left, 500));

        for (var attempt = 0; attempt < 2; attempt++)
        {
            var stopped = await Assert.ThrowsAsync<ProjectionStoppedException>(() => database.Runner(Sales.Projection()).Run(default));
            Assert.Equal($"sales v1 has stopped at event {reached + 1} (transaction_recorded): JsonException.", stopped.Message);
            Assert.Equal((before, reached), (await database.Counted(), await database.Position()));
        }

        await database.Ask($"update mt_events set data = jsonb_set(data, '{{Amount}}', '5') where seq_id = {reached + 1}");
        await database.Runner(Sales.Projection()).Run(default);
        Assert.Equal((0, before + 1 + after), (await database.Wrong(), await database.Counted()));
    }

    [Fact]
    public async Task May_be_one_the_database_refuses()
    {
        await database.Migrate(Sales.Projection());
        await database.Append(300);
        await database.Append(1);
        await database.Ask($"update mt_events set data = jsonb_set(data, '{{Amount}}', '{long.MaxValue}') where seq_id = 301");
        await database.Append(300); // the sum does not fit any more, in C# as in SQL

        var stopped = await Assert.ThrowsAsync<ProjectionStoppedException>(() => database.Runner(Sales.Projection()).Run(default));

        Assert.Equal((301, "22003"), (stopped.Sequence, stopped.ErrorType));
        Assert.Equal((300, 300), (await database.Counted(), await database.Position()));
    }

    [Fact]
    public async Task Is_shown_counted_and_tried_again()
    {
        var errors = new List<object?>();
        var positions = new List<long>();
        using var meters = Listen(errors, positions);
        var applied = new List<string>();
        using var spans = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Allocora.EventStore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = a =>
            {
                lock (applied) applied.Add($"{a.DisplayName} {a.GetTagItem("allocora.position")} {a.GetTagItem("allocora.events.count")}");
            },
        };
        ActivitySource.AddActivityListener(spans);
        // Other tests run beside this one, with projections of their own; this one is known by its name.
        var projection = new Projection("watched", 3, Sales.Tables, (page, batch) => Sales.Projection().Apply(page, batch));
        var schema = Sales.Schema(projection);
        await SchemaInstaller.Migrate(database.Owner, schema, default);
        await database.Append(7);
        await database.Append(1, amount: "not-a-number");
        using var host = Hosts.With(
            b =>
            {
                b.Services.AddSingleton(TimeProvider.System);
                b.AddDatabase(schema).AddProjections(schema);
            },
            ("ConnectionStrings:probe", database.AddressOf("probe_app")), ("ConnectionStrings:probe_worker", database.AddressOf("probe_worker")));

        await host.StartAsync();
        var (_, trouble) = await Eventually.Sees(ct => Hosts.Check(host, "projection watched v3", ct), seen => !seen.Ok, Patience);
        Assert.Equal("watched v3 has stopped at event 8 (transaction_recorded): JsonException.", trouble);
        await Eventually.Sees(() => { lock (errors) return errors.Count; }, seen => seen >= 2, Patience);

        await database.Ask("update mt_events set data = jsonb_set(data, '{Amount}', '5') where seq_id = 8");
        await Eventually.Sees(ct => Hosts.Check(host, "projection watched v3", ct), seen => seen.Ok, Patience);
        Assert.True(await host.Services.GetRequiredKeyedService<ProjectionReader>("watched").WaitUntil(8, Patience, default));
        await host.StopAsync();

        lock (errors) Assert.All(errors, e => Assert.Equal("JsonException", e));
        lock (positions) Assert.Equal(8, positions[^1]);
        lock (applied) Assert.Contains("projection.apply watched 8 1", applied);
    }

    [Fact]
    public async Task Is_only_shown_where_the_service_can_do_without_the_projection()
    {
        var projection = new Projection("spared", 1, Sales.Tables, (page, batch) => Sales.Projection().Apply(page, batch)) { IsVital = false };
        var schema = Sales.Schema(projection);
        await SchemaInstaller.Migrate(database.Owner, schema, default);
        await database.Append(1, amount: "not-a-number");
        using var host = Hosts.With(
            b =>
            {
                b.Services.AddSingleton(TimeProvider.System);
                b.AddDatabase(schema).AddProjections(schema);
            },
            ("ConnectionStrings:probe", database.AddressOf("probe_app")), ("ConnectionStrings:probe_worker", database.AddressOf("probe_worker")));

        await host.StartAsync();
        var seen = await Eventually.Sees(ct => Hosts.Check(host, "projection spared v1", ct), check => check.Detail is not null, Patience);
        await host.StopAsync();

        Assert.Equal((true, "spared v1 has stopped at event 1 (transaction_recorded): JsonException."), seen);
    }

    private static MeterListener Listen(List<object?> errors, List<long> positions)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == "Allocora.EventStore") self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var told = tags.ToArray().ToDictionary(t => t.Key, t => t.Value);
            if (!"watched".Equals(told["allocora.projection"])) return;
            if (instrument.Name == "allocora.projection.errors") lock (errors) errors.Add(told["error.type"]);
            if (instrument.Name == "allocora.projection.position") lock (positions) positions.Add(value);
        });
        listener.Start();
        return listener;
    }
}
