using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

if (args is not [var broker, var queue, var file])
{
    Console.Error.WriteLine("Give the broker as amqp://user:password@host:port/, a name for the queue, and a file for the facts.");
    return 1;
}
var seen = File.Exists(file) ? File.ReadLines(file).Select(line => line.Split(' ')[0]).ToHashSet() : [];
await using var facts = new StreamWriter(file, append: true) { AutoFlush = true };
await using var connection = await new ConnectionFactory { Uri = new(broker) }.CreateConnectionAsync("sample subscriber");
await using var channel = await connection.CreateChannelAsync();
await channel.QueueDeclareAsync(
    queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
await channel.QueueBindAsync(queue, "allocora.events", "*.revenue.#"); // of one workspace: ws_….revenue.#
await channel.BasicQosAsync(0, prefetchCount: 50, global: false);

var consumer = new AsyncEventingBasicConsumer(channel);
consumer.ReceivedAsync += async (_, delivery) =>
{
    if (seen.Add(delivery.BasicProperties.MessageId!))
    {
        using var fact = JsonDocument.Parse(delivery.Body);
        var line = $"{delivery.BasicProperties.MessageId} {delivery.BasicProperties.Type} {fact.RootElement.GetProperty("providerId")}";
        await facts.WriteLineAsync(line); // what is done and the id of it are written at once; with a database, in one transaction
        Console.WriteLine(line);
    }
    await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false);
};
await channel.BasicConsumeAsync(queue, autoAck: false, consumer);
await Task.Delay(Timeout.Infinite);
return 0;
