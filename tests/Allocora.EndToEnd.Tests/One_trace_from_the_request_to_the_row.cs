using System.Net.Http.Json;
using System.Text;
using Allocora.Contracts.Messages;
using Allocora.EventStore;
using Allocora.Messaging;
using Allocora.ServiceDefaults;
using Allocora.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Allocora.EndToEnd.Tests;

/// <summary>A host with all that services have, whose telemetry is decoded as a collector gets it.</summary>
public sealed class One_trace_from_the_request_to_the_row : IAsyncLifetime
{
    private static readonly QueueDefinition Queue = new(Queues.LedgerIngest, Exchanges.Ingest, [Queues.ToLedger]);
    private OtlpSink sink = null!;
    private LogDatabase log = null!;
    private TestVhost vhost = null!;

    public async Task InitializeAsync() => (sink, log, vhost) = (await OtlpSink.Start(), await LogDatabase.Create(), await TestVhost.Create());

    public async Task DisposeAsync()
    {
        await vhost.DisposeAsync();
        await log.DisposeAsync();
        await sink.DisposeAsync();
    }

    [Fact]
    public async Task Leads_over_the_broker_to_the_append()
    {
        string[] settings =
        [
            "--environment=Development", "--urls=http://127.0.0.1:0", $"--ConnectionStrings:rabbitmq={vhost.Address}",
            $"--ConnectionStrings:probe={log.AddressOf("probe_app")}",
            $"--ConnectionStrings:probe_worker={log.AddressOf("probe_worker")}", .. sink.Environment().Select(s => $"--{s.Key}={s.Value}"),
        ];
        await using var host = Service.Build("probe", settings, Add, Map);
        await host.StartAsync();
        var address = host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        using var http = new HttpClient { BaseAddress = new(address) };

        (await http.PostAsJsonAsync("/sales", new Sale("txn_1", DateTimeOffset.UnixEpoch))).EnsureSuccessStatusCode();

        var request = await sink.Span(s => s.Name == "POST /sales");
        var publish = await sink.Span(s => s.Scope == "RabbitMQ.Client.Publisher" && s.TraceId == request.TraceId);
        var process = await sink.Span(s => s.Name == $"process {Queues.ToLedger}" && s.TraceId == request.TraceId);
        var append = await sink.Span(s => s.Scope == "Npgsql" && s.ParentSpanId == process.SpanId);
        Assert.Equal(request.TraceId, append.TraceId);
        Assert.Contains("allocora_append", $"{append.Attributes["db.query.text"]}", StringComparison.Ordinal);
        Assert.True(request.Start <= publish.Start && publish.Start <= process.Start && process.Start <= append.Start);
        var stored = await Eventually.Sees(_ => log.Ask("select count(*) from mt_events where stream_id = 'txn_1'"), count => count is 1L);
        Assert.Equal(1L, stored);
        await host.StopAsync();
    }

    private static void Add(WebApplicationBuilder builder)
    {
        builder.AddDatabase(LogDatabase.Schema).AddBroker("rabbitmq", "probe").AddPublisher("probe", Destination.Ingest);
        builder.AddConsumer(new(Queue), services =>
        {
            var log = new EventLog(services.GetRequiredKeyedService<NpgsqlDataSource>("probe_worker"));
            return async (batch, ct) =>
            {
                await log.Append([.. batch.Select(Entry)], ct);
                return [.. batch.Select(_ => Verdict.Done)];
            };
        });
    }

    private static void Map(WebApplication app) => app.MapGroup("").AllowAnyone().MapPost("/sales", async (Sale sale) =>
    {
        var publisher = app.Services.GetRequiredKeyedService<Publisher>(Exchanges.Ingest);
        var message = new OutgoingMessage(EventId.Of("ws_one", sale.Id, 1), "ws_one", "paddle.transaction.seen.v1", "{}"u8.ToArray(), sale.At)
        {
            Subject = sale.Id,
        };
        await publisher.Publish([message], app.Lifetime.ApplicationStopping);
    });

    private static Entry Entry(Received message) => new("ws_one", message.Subject!, message.Id, null,
        [new(Guid.Parse(message.Id), "sale", "Sale", Encoding.UTF8.GetString(message.Body.Span), DateTimeOffset.UnixEpoch)]);

    private sealed record Sale(string Id, DateTimeOffset At);
}
