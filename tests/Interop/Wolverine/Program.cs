using System.Globalization;
using Allocora.Interop;
using Microsoft.Extensions.Hosting;
using Wolverine;
using Wolverine.RabbitMQ;

// A stock Wolverine listener on a queue that somebody else fills.
var (count, sum) = (Expected("INTEROP_COUNT"), Expected("INTEROP_SUM"));

using var host = await Host.CreateDefaultBuilder().UseWolverine(opts =>
{
    opts.UseRabbitMq(new Uri(Environment.GetEnvironmentVariable("INTEROP_RABBITMQ")!)).DisableDeadLetterQueueing();
    opts.ListenToRabbitQueue(Environment.GetEnvironmentVariable("INTEROP_QUEUE")!);
    opts.Discovery.DisableConventionalDiscovery().IncludeType(typeof(RevenueTransactionRecordedHandler));
    opts.UseRuntimeCompilation();
}).StartAsync();

using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
try
{
    while (RevenueTransactionRecordedHandler.Count < count) await look.WaitForNextTickAsync(patience.Token);
}
catch (OperationCanceledException)
{
    Console.WriteLine("Not all messages came.");
}
await host.StopAsync();

Console.WriteLine(
    $"{RevenueTransactionRecordedHandler.Count} of {count} messages, {RevenueTransactionRecordedHandler.Sum} of {sum} in the ledger");
return (RevenueTransactionRecordedHandler.Count, RevenueTransactionRecordedHandler.Sum) == (count, sum) ? 0 : 1;

static long Expected(string name) => long.Parse(Environment.GetEnvironmentVariable(name)!, CultureInfo.InvariantCulture);
