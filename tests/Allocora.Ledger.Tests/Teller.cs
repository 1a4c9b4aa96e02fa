using System.Text.Json;
using Allocora.Contracts;
using Allocora.Contracts.Messages;
using Allocora.Messaging;
using Allocora.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;
using EventId = Allocora.EventStore.EventId;

namespace Allocora.Ledger.Tests;

/// <summary>Tells the Ledger what was seen, as the Connector does.</summary>
internal sealed class Teller : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private readonly BrokerConnection connection;
    private readonly Publisher publisher;

    private Teller(BrokerConnection connection) => (this.connection, publisher) = (
        connection, new(connection, Destination.Ingest, "connector", TimeProvider.System, NullLogger<Publisher>.Instance));

    public static async Task<Teller> Open(TestVhost vhost)
    {
        var connection = new BrokerConnection(
            new ConnectionFactory { Uri = vhost.Address, AutomaticRecoveryEnabled = false }, "tests", TimeProvider.System,
            NullLogger<BrokerConnection>.Instance);
        await connection.StartAsync(default);
        return new(connection);
    }

    public Task Tell(params object[] bodies) => Tell(RunningLedger.Workspace, bodies);

    public Task Tell(string workspace, IReadOnlyCollection<object> bodies) => publisher.Publish([.. bodies.Select(b => Message(workspace, b))], default);

    public static OutgoingMessage Message(string workspace, object body)
    {
        var (name, identity, subject) = body switch
        {
            PaddleTransactionSeen m => (PaddleTransactionSeen.Name, SeenIdentity.Of(m), m.Transaction.Id),
            PaddleAdjustmentSeen m => (PaddleAdjustmentSeen.Name, SeenIdentity.Of(m), m.Adjustment.Id),
            PaddleRunEnded m => (PaddleRunEnded.Name, SeenIdentity.Of(m), m.Run),
            PaddlePayoutSeen m => (PaddlePayoutSeen.Name, SeenIdentity.Of(m), m.PayoutId),
            PaddleProductSeen m => (PaddleProductSeen.Message, $"paddle|{m.Environment}|product|{m.Id}|{m.Name}", m.Id),
            _ => throw new ArgumentException("The Connector says nothing like it.", nameof(body)),
        };
        return new(EventId.Of(workspace, identity, 1), workspace, name, JsonSerializer.SerializeToUtf8Bytes(body, Json), MadeUp.Start)
        {
            Subject = subject,
            PartitionKey = subject,
        };
    }

    public async ValueTask DisposeAsync()
    {
        await connection.StopAsync(default);
        connection.Dispose();
    }
}

/// <summary>What was seen, as a message says it.</summary>
internal static class Saying
{
    public static PaddleTransactionSeen Seen(this PaddleTransaction sale, int read = 0, bool included = false) => new(sale, MadeUp.Seen(sale, read, included));

    public static PaddleAdjustmentSeen Seen(this PaddleAdjustment change, int read = 0) => new(change, MadeUp.Seen(change, read));
}
