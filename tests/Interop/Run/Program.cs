using System.Diagnostics;
using System.Globalization;
using System.Text;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.Testing;
using RabbitMQ.Client;

// Fills a log and a queue as Allocora does, then lets the programs named on the command line read them: first the Marten one, then the
// Wolverine one. It ends well when both did.
const int sales = 200;
const string marten = $"{LogDatabase.Service}_marten";

await using var log = await LogDatabase.Create();
var owner = log.AddressOf($"{LogDatabase.Service}_owner");
await LogDatabase.Ask(log.As(LogDatabase.Superuser), $"""
    do $$ begin
      if not exists (select from pg_roles where rolname = '{marten}') then
        create role {marten} login password '{marten}';
        grant {marten} to {LogDatabase.Service}_owner;
      end if;
    end $$
    """);
Environment.SetEnvironmentVariable($"ConnectionStrings__{LogDatabase.Service}_owner", owner);
if (await PrepareMartenCommand.Run(LogDatabase.Schema) != 0) return 1;

var catalog = new EventCatalog().Add<TransactionRecorded>();
var ledger = new List<(Guid Id, string Workspace, TransactionRecorded Event)>();
foreach (var workspace in new[] { "ws_one", "ws_two" })
{
    var entries = Enumerable.Range(1, sales).Select(n =>
    {
        var happened = new TransactionRecorded($"txn_{n}", 1000 + n);
        var key = $"paddle/live/txn_{n}";
        var stored = catalog.Seal(happened, EventId.Of(workspace, key, 1), DateTimeOffset.UnixEpoch.AddDays(n), new(Actor: "interop", Correlation: "corr_1"));
        ledger.Add((stored.Id, workspace, happened));
        return new Entry(workspace, $"paddle-live-txn_{n}", key, null, [stored]);
    }).ToList();
    if ((await log.Log.Append(entries, default)).Any(a => a.Outcome != Outcome.Appended)) return 1;
}

// The owner in its role: Marten's functions, once.
var prepared = await Ends(args[0], ["prepare"], ("INTEROP_POSTGRES", owner), ("INTEROP_SCHEMA", LogDatabase.Service));
var read = prepared && await Ends(args[0], [], ("INTEROP_POSTGRES", log.AddressOf(marten)), ("INTEROP_SCHEMA", LogDatabase.Service));

await using var vhost = await TestVhost.Create();
await Publish(vhost.Address, ledger);
var heard = await Ends(args[1], [], ("INTEROP_RABBITMQ", vhost.Address.AbsoluteUri), ("INTEROP_QUEUE", "subscriber"),
    ("INTEROP_COUNT", ledger.Count.ToString(CultureInfo.InvariantCulture)),
    ("INTEROP_SUM", ledger.Sum(e => e.Event.Gross).ToString(CultureInfo.InvariantCulture)));
return read && heard ? 0 : 1;

static async Task Publish(Uri broker, IReadOnlyList<(Guid Id, string Workspace, TransactionRecorded Event)> ledger)
{
    const string name = "revenue.transaction.recorded.v1";
    await using var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync();
    await using var channel = await connection.CreateChannelAsync(new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
    await channel.ExchangeDeclareAsync("allocora.events", ExchangeType.Topic, durable: true);
    await channel.QueueDeclareAsync("subscriber", durable: true, exclusive: false, autoDelete: false);
    await channel.QueueBindAsync("subscriber", "allocora.events", "*.revenue.#");
    foreach (var (id, workspace, happened) in ledger)
    {
        var properties = new BasicProperties
        {
            Type = $"com.allocora.{name}",
            MessageId = $"{id}",
            ContentType = "application/json",
            Persistent = true,
            Headers = new Dictionary<string, object?> { ["cloudEvents_specversion"] = "1.0", ["cloudEvents_id"] = $"{id}", ["tenant-id"] = workspace },
        };
        var body = $$$"""{"transactionId":"{{{happened.TransactionId}}}","total":{"amount":"{{{happened.Gross}}}","currency":"USD"}}""";
        await channel.BasicPublishAsync("allocora.events", $"{workspace}.{name}", mandatory: true, properties, Encoding.UTF8.GetBytes(body));
    }
}

static async Task<bool> Ends(string program, string[] words, params (string Name, string Value)[] settings)
{
    var start = new ProcessStartInfo("dotnet", [program, .. words]);
    foreach (var (name, value) in settings) start.Environment[name] = value;
    using var process = Process.Start(start)!;
    await process.WaitForExitAsync();
    Console.WriteLine($"{Path.GetFileNameWithoutExtension(program)} {string.Join(' ', words)}: exit code {process.ExitCode}");
    return process.ExitCode == 0;
}
