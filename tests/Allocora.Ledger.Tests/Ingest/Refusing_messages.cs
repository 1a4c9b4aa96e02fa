using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Allocora.Contracts.Messages;
using Allocora.Messaging;
using Allocora.Testing;
using RabbitMQ.Client;

namespace Allocora.Ledger.Tests.Ingest;

/// <summary>What is not exactly what the Connector says is kept with its reason, and the next message is taken as if nothing had been.</summary>
public sealed class Refusing_messages
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    [Fact]
    public async Task Each_is_kept_with_its_reason_and_the_others_are_taken()
    {
        await using var ledger = await TalkingLedger.Start();
        await ledger.CaughtUp(); // it has its queue
        await using var connection = await new ConnectionFactory { Uri = ledger.Ledger.Vhost.Address }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        var expected = new Dictionary<string, string>();
        foreach (var (name, reason, change) in Forms)
        {
            var (properties, body) = Genuine(expected.Count + 10);
            (properties, body) = change(properties, body);
            properties.Headers!["x-form"] = name;
            expected.Add(name, reason);
            await channel.BasicPublishAsync(Exchanges.Ingest, Queues.ToLedger, mandatory: true, properties, body);
        }
        await ledger.Tell(MadeUp.Sale(1).Seen());

        Assert.Equal(MadeUp.Id("txn", 1), Assert.Single(await ledger.Facts()).ProviderId);
        var kept = await Eventually.Sees(async _ => await Kept(ledger), k => k.Count == expected.Count);
        Assert.Equal(expected.OrderBy(e => e.Key), kept.OrderBy(e => e.Key));
        // Nobody's message is quoted.
        Assert.False((bool)(await ledger.Ledger.Database.Ask("select bool_or(error like '%120000%' or error like '%secret%') from dead_letter"))!);
    }

    [Fact]
    public async Task Random_bytes_and_headers_end_nothing()
    {
        await using var ledger = await TalkingLedger.Start();
        await ledger.CaughtUp(); // it has its queue
        await using var connection = await new ConnectionFactory { Uri = ledger.Ledger.Vhost.Address }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        var random = new Random(20261122);
        var count = TestSize.Of(20_000, 300);
        for (var n = 0; n < count; n++)
        {
            var (properties, body) = Genuine(n + 10);
            body[random.Next(body.Length)] = (byte)random.Next(256);
            if (random.Next(3) == 0) random.NextBytes(body);
            if (random.Next(4) == 0) properties.Headers!.Remove(properties.Headers!.Keys.ElementAt(random.Next(properties.Headers.Count)));
            await channel.BasicPublishAsync(Exchanges.Ingest, Queues.ToLedger, mandatory: true, properties, body);
        }
        await ledger.Tell(MadeUp.Sale(1).Seen());
        Assert.Contains(await ledger.Facts(), f => f.ProviderId == MadeUp.Id("txn", 1));
        ledger.IsBroken = true; // a changed digit may still be a sale, and the next one may contradict it
    }

    private static IEnumerable<(string Name, string Reason, Func<BasicProperties, byte[], (BasicProperties, byte[])> Change)> Forms =>
    [
        ("no workspace", ReadMessage.NoWorkspace, Header("tenant-id", null)),
        ("no id of a workspace", ReadMessage.NoWorkspace, Header("tenant-id", "secret")),
        ("unknown workspace", ReadMessage.UnknownWorkspace, (p, b) => Of(Teller.Message("ws_01hf7yat0000000000000000zz", MadeUp.Sale(70).Seen()), b: null)),
        ("unknown type", ReadMessage.UnknownType, (p, b) => { p.Type = "com.allocora.paddle.subscription.seen.v1"; return (p, b); }),
        ("no type", ReadMessage.UnknownType, (p, b) => { p.Type = null; return (p, b); }),
        ("not JSON", ReadMessage.Unreadable, (p, b) => (p, "{\"transaction\":"u8.ToArray())),
        ("empty", ReadMessage.Unreadable, (p, b) => (p, [])),
        ("null", ReadMessage.Unreadable, (p, b) => (p, "null"u8.ToArray())),
        ("said twice", ReadMessage.Unreadable,
            (p, b) => (p, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(b).Replace("\"seen\":", "\"seen\":null,\"seen\":")))),
        ("nothing seen", ReadMessage.Unreadable, Body(m => m.Remove("seen"))),
        ("an amount over 64 bits", ReadMessage.Unreadable, Body(m => m["transaction"]!["totals"]!["total"]!["amount"] = "9223372036854775808")),
        ("an amount that is a number", ReadMessage.Unreadable, Body(m => m["transaction"]!["totals"]!["total"]!["amount"] = 1200)),
        ("an amount with a point", ReadMessage.Unreadable, Body(m => m["transaction"]!["totals"]!["total"]!["amount"] = "12.00")),
        ("amounts that cannot be added", ReadMessage.OutOfRange, Body(m =>
        {
            foreach (var part in new[] { "subtotal", "discount", "tax" })
                m["transaction"]!["totals"]![part]!["amount"] = part == "discount" ? "-1" : "9223372036854775807";
        })),
        ("no currency", ReadMessage.Unreadable, Body(m => m["transaction"]!["totals"]!["total"]!["currency"] = "usd")),
        ("mixed currencies", ReadMessage.MixedCurrencies, Body(m => m["transaction"]!["totals"]!["tax"]!["currency"] = "EUR")),
        ("a currency nobody sells in", ReadMessage.UnknownCurrency, (p, b) => (p, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(b).Replace("USD", "XAU")))),
        ("another id than its content's", ReadMessage.Forged, (p, b) => { p.MessageId = "0b0c5b0e-57f0-5d92-9c3d-6f2f5f4b9a01"; return (p, b); }),
        ("another workspace's", ReadMessage.Forged, Header("tenant-id", RunningLedger.OtherWorkspace)),
        ("another revision", ReadMessage.Forged, Body(m => m["seen"]!["revision"] = new string('a', 64))),
        ("another sale", ReadMessage.Forged, Body(m => m["transaction"]!["id"] = MadeUp.Id("txn", 1))),
        ("from somebody else", ReadMessage.Forged, Header("cloudEvents_source", $"/workspaces/{RunningLedger.Workspace}/console")),
        ("about something else", ReadMessage.Forged, Header("cloudEvents_subject", MadeUp.Id("txn", 1))),
        ("of two types", ReadMessage.Forged, Header("cloudEvents_type", "com.allocora.paddle.adjustment.seen.v1")),
        ("an id that leads elsewhere", ReadMessage.BadIds, Body(m => m["transaction"]!["id"] = "txn_../../mt_events")),
        ("no environment of Paddle's", ReadMessage.BadIds, Body(m => m["seen"]!["environment"] = "staging")),
        ("a hash that is none", ReadMessage.BadIds, Body(m => m["seen"]!["content"] = "secret")),
    ];

    private static Func<BasicProperties, byte[], (BasicProperties, byte[])> Header(string name, string? value) => (p, b) =>
    {
        if (value is null) p.Headers!.Remove(name);
        else p.Headers![name] = value;
        return (p, b);
    };

    private static Func<BasicProperties, byte[], (BasicProperties, byte[])> Body(Action<JsonObject> change) => (p, b) =>
    {
        var message = JsonNode.Parse(b)!.AsObject();
        change(message);
        return (p, Encoding.UTF8.GetBytes(message.ToJsonString()));
    };

    private static (BasicProperties, byte[]) Genuine(int number) => Of(Teller.Message(RunningLedger.Workspace, MadeUp.Sale(number).Seen()), b: null);

    // Written by hand, as a forger would have to.
    private static (BasicProperties Properties, byte[] Body) Of(OutgoingMessage message, byte[]? b) => (
        new()
        {
            MessageId = message.Id.ToString(),
            Type = $"com.allocora.{message.Name}",
            ContentType = "application/json",
            DeliveryMode = DeliveryModes.Persistent,
            Headers = new Dictionary<string, object?>
            {
                ["tenant-id"] = message.Workspace,
                ["cloudEvents_type"] = $"com.allocora.{message.Name}",
                ["cloudEvents_source"] = $"/workspaces/{message.Workspace}/connector",
                ["cloudEvents_subject"] = message.Subject,
            },
        }, b ?? message.Data.ToArray());

    private static async Task<Dictionary<string, string>> Kept(TalkingLedger ledger)
    {
        var kept = await ledger.Ledger.Database.Ask("select jsonb_object_agg(headers ->> 'x-form', reason_code)::text from dead_letter");
        return kept is not string text ? [] : JsonSerializer.Deserialize<Dictionary<string, string>>(text, Json)!;
    }
}
