using Allocora.Contracts.Messages;
using Allocora.Messaging;
using RabbitMQ.Client.Exceptions;

namespace Allocora.Ledger;

/// <summary>The queue in which what was seen at providers waits for the Ledger. Without it, whoever brings something has to wait.</summary>
internal sealed partial class DeclareIngest(
    [FromKeyedServices(Broker.Consuming)] BrokerConnection broker, TimeProvider time, ILogger<DeclareIngest> logger) : BackgroundService
{
    private static readonly QueueDefinition Queue = new(Queues.LedgerIngest, Exchanges.Ingest, [Queues.ToLedger], SingleActiveConsumer: true);
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                var connection = await broker.Opened(stoppingToken);
                await using var channel = await connection.CreateChannelAsync(cancellationToken: stoppingToken);
                await DeclareTopology.Queue(channel, Queue, stoppingToken);
                return;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested && (e is OperationInterruptedException || Publisher.WhyNot(e) is not null))
            {
                NotYet(Queues.LedgerIngest, Publisher.WhyNot(e) ?? e.GetType().Name);
                await Task.Delay(Again, time, stoppingToken);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "The queue {Queue} cannot be declared yet: {Reason}")]
    private partial void NotYet(string queue, string reason);
}
