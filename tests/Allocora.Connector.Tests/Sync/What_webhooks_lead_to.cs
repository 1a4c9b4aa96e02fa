using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Allocora.Contracts.Messages;
using Allocora.Testing;
using Microsoft.AspNetCore.Http;
using Xunit.Abstractions;

namespace Allocora.Connector.Tests;

/// <summary>From what Paddle sends to what the Ledger is told.</summary>
public sealed class What_webhooks_lead_to(ITestOutputHelper output) : IAsyncLifetime
{
    private SyncedSource source = null!;
    private Server gateway = null!;
    private string secret = "";

    public async Task InitializeAsync()
    {
        source = await SyncedSource.Connect("--transactions", "60");
        var inner = source.Connector.FromPaddle();
        // What the gateway does: it passes the bytes on with a token of its own.
        gateway = await Server.Start(async http =>
        {
            using var passed = new HttpRequestMessage(HttpMethod.Post, http.Request.Path.Value) { Content = new StreamContent(http.Request.Body) };
            passed.Headers.TryAddWithoutValidation("Paddle-Signature", http.Request.Headers["Paddle-Signature"].ToString());
            passed.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(http.Request.ContentType!);
            using var answer = await inner.SendAsync(passed);
            http.Response.StatusCode = (int)answer.StatusCode;
        });
        secret = await Subscribe();
        var set = await source.Api.PutAsJsonAsync($"{SyncedSource.Path}/sources/{source.Id}/webhook-secrets", new { secrets = new[] { secret } });
        Assert.True(set.IsSuccessStatusCode, await set.Content.ReadAsStringAsync());
    }

    public async Task DisposeAsync()
    {
        await gateway.DisposeAsync();
        await source.DisposeAsync();
    }

    [Fact]
    public async Task A_sale_that_is_completed_is_told_without_any_sync()
    {
        await Put(Sample.Transaction(status: "ready"));
        await source.Paddle("POST", $"/objects/{Sample.Id("txn", 1)}/complete");
        var told = await Told(Sample.Id("txn", 1), "completed");
        Assert.Equal("2090", (string)told["transaction"]!["totals"]!["total"]!["amount"]!);
        Assert.Equal(0L, await Ask("select count(*) from sync_run where mode <> 'webhook'"));
        Assert.Equal((string)told["seen"]!["run"]!, await Ask("select id from sync_run"));
        await Settled();
        await Adds_up();
        var outcomes = (await source.Run((string)told["seen"]!["run"]!)).Outcomes;

        // A sync that follows knows it already.
        var run = await source.Sync("full");
        Assert.True(run.Outcomes["duplicate"] >= 1);
        Assert.Single(source.Queue.Named(PaddleTransactionSeen.Name), m => (string)m.Json["transaction"]!["id"]! == Sample.Id("txn", 1)
            && (string)m.Json["transaction"]!["status"]! == "completed");
        Assert.True(outcomes["accepted"] >= 1);
    }

    [Fact]
    public async Task What_a_webhook_says_itself_is_believed_about_nothing()
    {
        await Put(Sample.Transaction(1), Sample.Transaction(2, "ready"));
        foreach (var number in new[] { 1, 2 })
        {
            var forged = Sample.Transaction(number).With("details.totals.total", "1").With("currency_code", "JPY");
            await Deliver(Event($"evt_{new string((char)('a' + number), 26)}", "transaction.completed", forged));
        }
        Assert.Equal("2090", (string)(await Told(Sample.Id("txn", 1), "completed"))["transaction"]!["totals"]!["total"]!["amount"]!);
        await Settled();
        Assert.Equal("observed not-paid", await Ask($"select outcome || ' ' || reason from sync_row where provider_id = '{Sample.Id("txn", 2)}'"));
        Assert.Single(source.Queue.Messages, m => m.Name == PaddleTransactionSeen.Name);
    }

    [Fact]
    public async Task A_payout_is_told_when_Paddles_own_list_has_the_same_event_and_otherwise_not()
    {
        var told = await source.Paddle("POST", "/events", new JsonObject { ["event_type"] = "payout.paid", ["data"] = Payout("pay_real") });
        var seen = await Eventually.Sees(() => source.Queue.Named(PaddlePayoutSeen.Name).FirstOrDefault(), message => message is not null);
        Assert.Equal((true, "pay_real", (string)told["event_id"]!),
            ((bool)seen!.Json["verified"]!, (string)seen.Json["payoutId"]!, (string)seen.Json["eventId"]!));

        await Deliver(Event($"evt_{new string('z', 26)}", "payout.paid", Payout("pay_made_up")));
        await Settled();
        Assert.Equal("unverified", await Ask($"select outcome from webhook_event where event_id = 'evt_{new string('z', 26)}'"));
        await source.Sync("full");
        Assert.Single(source.Queue.Named(PaddlePayoutSeen.Name), m => (string)m.Json["payoutId"]! == "pay_real");
        Assert.DoesNotContain(source.Queue.Named(PaddlePayoutSeen.Name), m => (string)m.Json["payoutId"]! == "pay_made_up" || !(bool)m.Json["verified"]!);
        await Adds_up();
    }

    [Fact]
    public async Task Webhooks_are_read_while_a_full_sync_runs()
    {
        await Put(Sample.Transaction(status: "ready"));
        await source.Faults(SyncedSource.Slow(400));
        var run = await source.Start("full");
        await Eventually.Sees(ct => source.Run(run, ct), now => now is { State: "running", Pages: >= 1 });
        await source.Paddle("PATCH", $"/objects/{Sample.Id("txn", 1)}", new JsonObject { ["status"] = "completed" });
        var told = await Told(Sample.Id("txn", 1), "completed");
        await source.Faults();
        Assert.Equal("succeeded", (await source.Over(run)).State);
        await Settled();
        await Adds_up();
        // Whoever came second found it done.
        Assert.Equal(1L, await Ask($"select count(*) from sync_row where provider_id = '{told["transaction"]!["id"]}' and outcome = 'accepted'"));
        await Truth.Equals(source.Connector.Control, source.Queue);
    }

    [Fact]
    public async Task Fifty_a_second_all_arrive()
    {
        const int perSecond = 50;
        await source.Sync("full");
        var count = (int)(TestSize.Of(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(4)).TotalSeconds * perSecond);
        await Put([.. Enumerable.Range(1, count).Select(n => Sample.Transaction(n, "ready"))]);
        var sent = new Dictionary<string, long>();
        using (var timer = new PeriodicTimer(TimeSpan.FromSeconds(1) / perSecond))
        {
            for (var number = 1; number <= count; number++)
            {
                await timer.WaitForNextTickAsync();
                sent[Sample.Id("txn", number)] = TimeProvider.System.GetTimestamp();
                await source.Paddle("PATCH", $"/objects/{Sample.Id("txn", number)}", new JsonObject { ["status"] = "completed" });
            }
        }
        var arrived = await Eventually.Sees(
            () => source.Queue.Named(PaddleTransactionSeen.Name).Select(m => (Id: (string)m.Json["transaction"]!["id"]!, m.At))
                .Where(m => sent.ContainsKey(m.Id)).ToList(),
            all => all.Select(m => m.Id).Distinct().Count() == count);
        var took = arrived.GroupBy(m => m.Id).Select(g => TimeProvider.System.GetElapsedTime(sent[g.Key], g.Min(m => m.At)).TotalMilliseconds).Order().ToList();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{count} webhooks at {perSecond}/s: told after p50 {took[count / 2]:F0} ms, p95 {took[count * 95 / 100]:F0} ms, at the most {took[^1]:F0} ms"));
        await Settled();
        await Adds_up();
    }

    /// <returns>The secret with which the sandbox signs.</returns>
    private async Task<string> Subscribe()
    {
        using var paddle = new HttpClient { BaseAddress = new(source.Connector.Paddle.Api) };
        paddle.DefaultRequestHeaders.Authorization = new("Bearer", source.Connector.Paddle.Key);
        var made = await paddle.PostAsJsonAsync("/notification-settings", new JsonObject
        {
            ["description"] = "A test",
            ["type"] = "url",
            ["destination"] = $"{gateway.Url}/api/v1/webhooks/paddle/{source.Id}",
            ["subscribed_events"] = new JsonArray("transaction.completed", "transaction.updated", "transaction.paid", "adjustment.updated", "payout.paid"),
        });
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync());
        return (string)(await made.Content.ReadFromJsonAsync<JsonObject>())!["data"]!["endpoint_secret_key"]!;
    }

    private async Task Deliver(string body)
    {
        var time = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var hash = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{time}:{body}"));
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/webhooks/paddle/{source.Id}")
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        request.Headers.TryAddWithoutValidation("Paddle-Signature", $"ts={time};h1={Convert.ToHexStringLower(hash)}");
        Assert.True((await source.Connector.FromPaddle().SendAsync(request)).IsSuccessStatusCode);
    }

    private static string Event(string id, string type, JsonObject data) =>
        new JsonObject { ["event_id"] = id, ["event_type"] = type, ["occurred_at"] = "2026-11-01T00:00:00Z", ["data"] = data }.ToJsonString();

    private static JsonObject Payout(string id) =>
        new() { ["id"] = id, ["status"] = "paid", ["amount"] = "10000", ["currency_code"] = "USD", ["remittance_reference"] = "ref" };

    private Task<JsonObject> Put(params JsonObject[] objects) => source.Paddle("POST", "/objects", new JsonArray([.. objects]));

    private async Task<JsonNode> Told(string id, string status) => (await Eventually.Sees(
        () => source.Queue.Named(PaddleTransactionSeen.Name).Select(m => m.Json)
            .FirstOrDefault(m => (string)m["transaction"]!["id"]! == id && (string)m["transaction"]!["status"]! == status), found => found is not null))!;

    private Task<object?> Settled() => Eventually.Sees(
        _ => Ask("select (select count(*) from webhook_event where handled_at is null) + (select count(*) from outbox where sent_at is null)"),
        open => open is 0L);

    /// <summary>Every run of webhooks: fetched = the sum of the outcomes, as the run says it and as its rows do.</summary>
    private async Task Adds_up()
    {
        Assert.Equal(true, await Ask("select count(*) > 0 from sync_run where mode = 'webhook' and pages > 0"));
        Assert.Equal(true, await Ask("""
            select bool_and(r.rows = (select count(*) from sync_row as w where w.run_id = r.id and not w.released)
              and r.rows = (select coalesce(sum(p.rows), 0) from sync_page as p where p.run_id = r.id)
              and r.pages = (select count(*) from sync_page as p where p.run_id = r.id)
              and r.rows = (select coalesce(sum(o.value::bigint), 0) from jsonb_each_text(r.outcomes) as o))
            from sync_run as r where r.mode = 'webhook'
            """));
    }

    private Task<object?> Ask(string statement) => source.Connector.Database.Ask(statement);
}
