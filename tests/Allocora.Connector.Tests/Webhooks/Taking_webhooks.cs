using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Allocora.Connector.Tests.Sources;
using Allocora.Contracts.Api;
using Allocora.Testing;
using Npgsql;

namespace Allocora.Connector.Tests.Webhooks;

public sealed class Taking_webhooks : IAsyncLifetime
{
    private const string Secret = "pdl_ntfset_01hvgf2spk3bvewnw8t2zrnbmb_Ab12+Ab12/Ab12Ab12Ab12Ab12Ab12Ab",
        Newer = "pdl_ntfset_01hvgf2spk3bvewnw8t2zrnbmb_Newer12/Ab12Ab12Ab12Ab12Ab12";
    private const string Transaction = "txn_01hv8wptq8987qeep44cyrewp9";
    private RunningConnector connector = null!;
    private SourceCalls calls = null!;
    private SourceDetails source = null!;
    private HttpClient paddle = null!;

    public async Task InitializeAsync()
    {
        connector = await RunningConnector.Start();
        calls = new(connector);
        source = await calls.Connect();
        paddle = connector.FromPaddle();
        Assert.Equal(HttpStatusCode.OK, (await SetSecrets(Secret)).Status);
    }

    public async Task DisposeAsync() => await connector.DisposeAsync();

    [Fact]
    public async Task Only_the_genuine_is_taken_and_once()
    {
        var (body, now) = (Event("evt_" + new string('1', 26)), TimeProvider.System.GetUtcNow());
        var good = Signed(body, Secret, now);
        foreach (var (sent, header, expected) in new (string, string?, HttpStatusCode)[]
                 {
                     (body, Signed(body, Newer, now), HttpStatusCode.Unauthorized),
                     (body, Signed(body, Secret, now.AddSeconds(-310)), HttpStatusCode.Unauthorized),
                     (body, Signed(body, Secret, now.AddSeconds(310)), HttpStatusCode.Unauthorized),
                     (body.Replace("paid", "late", StringComparison.Ordinal), good, HttpStatusCode.Unauthorized),
                     ($"{body} ", good, HttpStatusCode.Unauthorized), (body, null, HttpStatusCode.Unauthorized), (body, "", HttpStatusCode.Unauthorized),
                     (new string(' ', 2_000_000), Signed(new string(' ', 2_000_000), Secret, now), HttpStatusCode.RequestEntityTooLarge),
                 })
        {
            Assert.Equal(expected, await Deliver(sent, header));
            Assert.Equal(0L, await Taken());
        }

        Assert.Equal(HttpStatusCode.OK, await Deliver(body, $"{good};h1={new string('0', 64)}"));
        foreach (var _ in Enumerable.Range(0, TestSize.Of(1_000))) Assert.Equal(HttpStatusCode.OK, await Deliver(body, good));
        var other = Event("evt_" + new string('2', 26));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Deliver(other, Signed(other, Secret, now))));
        Assert.Equal(2L, await Taken());
        Assert.Equal($"transaction.paid {Transaction}",
            await connector.Database.Ask("select distinct event_type || ' ' || entity_id from webhook_event"));
        Assert.Equal(0L, await connector.Database.Ask("select count(*) from webhook_event where data is not null"));
    }

    [Fact]
    public async Task A_source_that_is_not_there_answers_as_a_wrong_signature_does()
    {
        var body = Event("evt_" + new string('3', 26));
        var good = Signed(body, Secret, TimeProvider.System.GetUtcNow());
        var wrong = await Answer(body, Signed(body, Newer, TimeProvider.System.GetUtcNow()), source.Id);

        Assert.Equal(wrong, await Answer(body, good, "src_01hf7yat00000000000000000z"));
        Assert.Equal(wrong, await Answer(body, good, "nonsense"));
        Assert.Equal(wrong, await Answer(body, null, "nonsense"));
        await calls.Send(HttpMethod.Delete, SourceCalls.Url($"/{source.Id}"));
        Assert.Equal(wrong, await Answer(body, good, source.Id));
        Assert.Equal(HttpStatusCode.Forbidden, (await connector.In(null, "workspace.read").PostAsync($"/api/v1/webhooks/paddle/{source.Id}", null)).StatusCode);
    }

    [Fact]
    public async Task While_secrets_change_both_count_and_then_the_new_one_alone()
    {
        Assert.Equal(2, (int)(await SetSecrets(Secret, Newer)).Body["webhookSecrets"]!);
        Assert.Equal(HttpStatusCode.OK, await DeliverNow(Event("evt_" + new string('4', 26)), Secret));
        Assert.Equal(HttpStatusCode.OK, await DeliverNow(Event("evt_" + new string('5', 26)), Newer));

        await SetSecrets(Newer);
        Assert.Equal(HttpStatusCode.Unauthorized, await DeliverNow(Event("evt_" + new string('6', 26)), Secret));
        Assert.Equal(HttpStatusCode.OK, await DeliverNow(Event("evt_" + new string('6', 26)), Newer));
        Assert.Equal("pdl_ntfset_01hvgf2spk****", await connector.Database.Ask("select masked from credential where purpose = 'webhook'"));
        Assert.Equal("source_connected,webhook_secrets_set,webhook_secrets_set,webhook_secrets_set", await calls.Events());
    }

    [Theory]
    [InlineData("event_id", "\"evt_1\"")]
    [InlineData("event_id", null)]
    [InlineData("event_type", "7")]
    [InlineData("event_type", "\"transaction\"")]
    [InlineData("occurred_at", "\"today\"")]
    [InlineData("data", "[]")]
    [InlineData("data", """{"id":"adj_01hv8wptq8987qeep44cyrewp9"}""")]
    [InlineData("data", "{}")]
    public async Task What_is_no_event_is_refused(string member, string? value)
    {
        var body = JsonNode.Parse(Event("evt_" + new string('8', 26)))!.AsObject();
        if (value is null) body.Remove(member);
        else body[member] = JsonNode.Parse(value);

        Assert.Equal(HttpStatusCode.BadRequest, await DeliverNow(body.ToJsonString(), Secret));
        Assert.Equal(HttpStatusCode.BadRequest, await DeliverNow("not json", Secret));
        Assert.Equal(0L, await Taken());
    }

    [Fact]
    public async Task Of_payouts_the_fields_that_count_are_kept_and_what_is_not_known_is_kept_as_ignored()
    {
        await DeliverNow("""
            {"event_id":"evt_01hvgf2skkg8dsk5dczemw2bx1","event_type":"payout.paid","occurred_at":"2026-11-01T00:00:00.595926Z","more":1,
             "data":{"id":"pay_1","status":"paid","amount":"10000","currency_code":"USD","remittance_reference":"pay_ref","email":"a@b.example","more":{}}}
            """, Secret);
        await DeliverNow("""
            {"event_id":"evt_01hvgf2skkg8dsk5dczemw2bx2","event_type":"customer.created","occurred_at":"2026-11-01T00:00:00Z","data":{"email":"a@b.example"}}
            """, Secret);

        Assert.Equal("""{"id": "pay_1", "amount": "10000", "status": "paid", "currency_code": "USD", "remittance_reference": "pay_ref"}""",
            await connector.Database.Ask("select data::text from webhook_event where event_type = 'payout.paid'"));
        Assert.Equal("ignored",
            await connector.Database.Ask("select outcome from webhook_event where event_type like 'customer.%' and handled_at is not null and data is null"));
    }

    [Fact]
    public async Task Who_reads_is_woken_by_what_is_new_and_by_nothing_else()
    {
        var woken = new List<string>();
        await using var listening = await connector.Database.Worker.OpenConnectionAsync();
        listening.Notification += (_, told) => woken.Add(told.Payload);
        await using (var listen = new NpgsqlCommand($"listen {TakeWebhook.Channel}", listening)) await listen.ExecuteNonQueryAsync();

        foreach (var _ in Enumerable.Range(0, 3)) await DeliverNow(Event("evt_" + new string('7', 26)), Secret);
        await Eventually.Sees(async ct =>
        {
            await listening.WaitAsync(TimeSpan.FromMilliseconds(100), ct);
            return woken.Count;
        }, count => count > 0);
        await using (var look = new NpgsqlCommand("select 1", listening)) await look.ExecuteScalarAsync();
        Assert.Equal([source.Id], woken);
    }

    [Theory]
    [InlineData("short")]
    [InlineData("with a space in the middle")]
    [InlineData(Secret, Secret)]
    [InlineData()]
    public async Task Secrets_that_make_no_sense_are_refused(params string[] secrets) =>
        Assert.Equal(HttpStatusCode.BadRequest, (await SetSecrets(secrets)).Status);

    private static string Event(string id) =>
        $$$"""{"event_id":"{{{id}}}","event_type":"transaction.paid","occurred_at":"2026-11-01T00:00:00Z","data":{"id":"{{{Transaction}}}","status":"paid"}}""";

    private static string Signed(string body, string secret, DateTimeOffset at)
    {
        var time = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return $"ts={time};h1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{time}:{body}")))}";
    }

    private Task<HttpStatusCode> DeliverNow(string body, string secret) => Deliver(body, Signed(body, secret, TimeProvider.System.GetUtcNow()));

    private async Task<HttpStatusCode> Deliver(string body, string? header)
    {
        using var answer = await Post(body, header, source.Id);
        return answer.StatusCode;
    }

    private async Task<string> Answer(string body, string? header, string to)
    {
        using var answer = await Post(body, header, to);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        var problem = (await answer.Content.ReadFromJsonAsync<JsonObject>())!;
        problem.Remove("requestId");
        return problem.ToJsonString();
    }

    private Task<HttpResponseMessage> Post(string body, string? header, string to)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/webhooks/paddle/{to}")
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        if (header is not null) request.Headers.TryAddWithoutValidation("Paddle-Signature", header);
        return paddle.SendAsync(request);
    }

    private Task<(HttpStatusCode Status, JsonNode Body, HttpResponseMessage Answer)> SetSecrets(params string[] secrets) =>
        calls.Send(HttpMethod.Put, SourceCalls.Url($"/{source.Id}/webhook-secrets"), new SetWebhookSecretsRequest(secrets));

    private async Task<object?> Taken() => await connector.Database.Ask("select count(*) from webhook_event");
}
