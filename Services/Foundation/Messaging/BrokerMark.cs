using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Allocora.Messaging;

/// <summary>
/// Something on the broker that is lost exactly when its data is: an exchange nobody publishes to. Whoever put it there and does
/// not find it again knows that all it ever published may be gone.
/// </summary>
public static class BrokerMark
{
    private const ushort NotFound = 404;

    public static string Name(string service, string exchange) => $"allocora.mark.{service}.{exchange}";

    public static async Task<bool> IsThere(IConnection connection, string mark, CancellationToken ct)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
        try
        {
            await channel.ExchangeDeclarePassiveAsync(mark, ct);
            return true;
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == NotFound)
        {
            return false;
        }
    }

    public static async Task Put(IConnection connection, string mark, CancellationToken ct)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
        await channel.ExchangeDeclareAsync(mark, ExchangeType.Fanout, durable: true, cancellationToken: ct);
    }
}
