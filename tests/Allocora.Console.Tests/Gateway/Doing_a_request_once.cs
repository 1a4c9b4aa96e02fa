using System.Net;
using System.Text.Json;
using Allocora.Testing;

namespace Allocora.Console.Tests.Gateway;

public sealed class Doing_a_request_once(SharedManualGateway shared) : IAsyncLifetime, IClassFixture<SharedManualGateway>
{
    private const string Once = $"{RunningGateway.One}/facts/once";
    private readonly ManualTime time = shared.Time;
    private readonly RunningGateway gateway = shared.Gateway;

    public Task InitializeAsync() => gateway.Forget();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task The_same_request_gets_the_same_answer_and_is_not_done_again()
    {
        var (first, again) = (await Post("k-1", "a"), await Post("k-1", "a"));

        Assert.Equal((HttpStatusCode.Created, "/api/v1/things/1", "\"1\"", "application/json"), Told(first));
        Assert.Equal(Told(first), Told(again));
        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        Assert.Equal((false, true), (first.Headers.Contains("Idempotency-Replayed"), again.Headers.GetValues("Idempotency-Replayed").Single() == "true"));
        Assert.Equal(1, gateway.Ledger.Runs);
        Assert.Equal("k-1", Assert.Single(gateway.Ledger.Arrivals)["Idempotency-Key"]);

        static (HttpStatusCode, string?, string?, string?) Told(HttpResponseMessage answer) => (answer.StatusCode,
            answer.Headers.Location?.OriginalString, answer.Headers.ETag?.Tag, answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Another_request_under_the_same_key_is_refused()
    {
        await Post("k-1", "a");

        Assert.Equal((422, "idempotency-key-reused"), await Refusal(Post("k-1", "b")));
        Assert.Equal((422, "idempotency-key-reused"), await Refusal(Post("k-1", "a", "?code=200")));
        Assert.Equal(1, gateway.Ledger.Runs);
    }

    [Fact]
    public async Task Callers_do_not_meet_in_a_key()
    {
        await Post("k-1", "a");
        await Post("k-1", "a", who: "jonas"); // 403 by the service
        var platform = await gateway.Send(HttpMethod.Post, "/api/v1/own", "mara", new StringContent("a"), ("Idempotency-Key", "k-1"));
        var other = await gateway.Send(HttpMethod.Post, $"{RunningGateway.Two}/facts/once", "otto", new StringContent("a"), ("Idempotency-Key", "k-1"));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Created), (platform.StatusCode, other.StatusCode));
        Assert.Equal(2, gateway.Ledger.Runs);
        Assert.Equal("platform key:key_mara, ws_one key:key_mara, ws_two key:key_otto",
            await gateway.Database.Ask("select string_agg(tenant_id || ' ' || caller, ', ' order by tenant_id) from console.idempotency"));
    }

    [Fact]
    public async Task Fifty_at_once_are_done_once()
    {
        for (var round = 1; round <= 4; round++)
        {
            var posts = Enumerable.Range(0, 50).Select(_ => Post($"round-{round}", "a", "?wait")).ToList();
            await Eventually.Sees(() => posts.Count(p => p.IsCompleted), done => done == 49);
            var refused = await Task.WhenAll(posts.Where(p => p.IsCompleted).Select(p => Refusal(p)));
            Assert.All(refused, r => Assert.Equal((409, "idempotency-in-progress"), r));
            Assert.Equal(round, gateway.Ledger.Runs);

            gateway.Ledger.Go.Release();
            Assert.Single(await Task.WhenAll(posts), answer => answer.StatusCode == HttpStatusCode.Created);
            Assert.Equal(HttpStatusCode.Created, (await Post($"round-{round}", "a", "?wait")).StatusCode);
            Assert.Equal(round, gateway.Ledger.Runs);
        }
    }

    [Fact]
    public async Task A_run_that_died_leaves_its_key_to_the_next_after_its_lease()
    {
        await Post("k-1", "a");
        await gateway.Database.Ask("""
            update console.idempotency set state = 'running', status = null, headers = null, body = null, done_at = null
            """);
        Assert.Equal((409, "idempotency-in-progress"), await Refusal(Post("k-1", "a")));

        time.Advance(TimeSpan.FromMinutes(2) + TimeSpan.FromSeconds(1));
        Assert.Equal((422, "idempotency-key-reused"), await Refusal(Post("k-1", "b")));
        Assert.Equal(HttpStatusCode.Created, (await Post("k-1", "a")).StatusCode);
        Assert.Equal(2, gateway.Ledger.Runs);
    }

    [Fact]
    public async Task A_run_that_goes_on_keeps_its_key()
    {
        var running = Post("k-1", "a", "?wait");
        await Eventually.Sees(() => gateway.Ledger.Runs, runs => runs == 1);
        for (var third = 0; third < 6; third++)
        {
            var before = await LeaseEnd();
            time.Advance(TimeSpan.FromSeconds(40));
            await Eventually.Sees(_ => LeaseEnd(), end => end > before);
        }
        Assert.Equal((409, "idempotency-in-progress"), await Refusal(Post("k-1", "a", "?wait")));
        gateway.Ledger.Go.Release();
        Assert.Equal(HttpStatusCode.Created, (await running).StatusCode);

        async Task<DateTime> LeaseEnd() => (DateTime)(await gateway.Database.Ask("select lease_until from console.idempotency"))!;
    }

    [Fact]
    public async Task A_run_given_up_for_dead_does_not_change_the_answer_of_the_next()
    {
        var first = Post("k-1", "a", "?wait");
        await Eventually.Sees(() => gateway.Ledger.Runs, runs => runs == 1);
        await gateway.Database.Ask("update console.idempotency set lease_until = '2020-01-01'");
        var second = Post("k-1", "a", "?wait");
        await Eventually.Sees(() => gateway.Ledger.Runs, runs => runs == 2);
        gateway.Ledger.Go.Release(2);
        var answers = await Task.WhenAll((await Task.WhenAll(first, second)).Select(a => a.Content.ReadAsStringAsync()));

        Assert.Equal(answers[1], await (await Post("k-1", "a", "?wait")).Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData(200, 1)]
    [InlineData(409, 1)]
    [InlineData(422, 1)]
    [InlineData(404, 2)]
    [InlineData(429, 2)]
    [InlineData(500, 2)]
    [InlineData(503, 2)]
    public async Task What_may_be_otherwise_next_time_is_not_kept(int status, int runs)
    {
        Assert.Equal(status, (int)(await Post("k-1", "a", $"?code={status}")).StatusCode);
        Assert.Equal(status, (int)(await Post("k-1", "a", $"?code={status}")).StatusCode);
        Assert.Equal(runs, gateway.Ledger.Runs);
    }

    [Theory]
    [InlineData(262_000, 1)]
    [InlineData(400_000, 2)]
    public async Task An_answer_that_is_too_large_comes_whole_and_is_not_kept(int length, int runs)
    {
        for (var time = 0; time < 2; time++)
        {
            var text = await (await Post("k-1", "a", $"?bytes={length}")).Content.ReadAsStringAsync();
            Assert.Equal(length, JsonDocument.Parse(text).RootElement.GetProperty("filler").GetString()!.Length);
        }
        Assert.Equal(runs, gateway.Ledger.Runs);
    }

    [Fact]
    public async Task An_answer_cut_short_is_not_kept()
    {
        var answer = await gateway.Send(HttpMethod.Post, $"{RunningGateway.One}/facts/dies", "mara", new StringContent("a"), ("Idempotency-Key", "k-1"));

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Contains("upstream-unavailable", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(0L, await gateway.Database.Ask("select count(*) from console.idempotency"));
    }

    [Fact]
    public async Task What_is_stored_cannot_be_read_where_it_lies()
    {
        await Post("k-1", "the-secret");
        var stored = (byte[])(await gateway.Database.Ask("select body from console.idempotency"))!;
        Assert.DoesNotContain("the-secret", System.Text.Encoding.Latin1.GetString(stored), StringComparison.Ordinal);

        await Post("k-2", "the-secret");
        await gateway.Database.Ask("update console.idempotency as a set body = b.body from console.idempotency as b where a.key = 'k-2' and b.key = 'k-1'");
        Assert.Equal((409, "idempotency-answer-lost"), await Refusal(Post("k-2", "the-secret")));

        // Nor does it open for the same caller, under the same name, in another workspace.
        await gateway.Send(HttpMethod.Post, "/api/v1/own", "mara", new StringContent("a"), ("Idempotency-Key", "k-2"));
        await gateway.Database.Ask("""
            update console.idempotency as a set body = b.body from console.idempotency as b
            where a.tenant_id = 'ws_one' and a.key = 'k-2' and b.tenant_id = 'platform' and b.key = 'k-2'
            """);
        Assert.Equal((409, "idempotency-answer-lost"), await Refusal(Post("k-2", "the-secret")));
    }

    [Fact]
    public async Task Keys_are_forgotten_after_thirty_days()
    {
        await Post("k-1", "a");
        time.Advance(TimeSpan.FromDays(30) - TimeSpan.FromMinutes(1));
        Assert.Equal("true", (await Post("k-1", "a")).Headers.GetValues("Idempotency-Replayed").Single());

        time.Advance(TimeSpan.FromHours(2));
        await Eventually.Sees(async _ => (long)(await gateway.Database.Ask("select count(*) from console.idempotency"))!, count => count == 0);
        Assert.Equal(HttpStatusCode.Created, (await Post("k-1", "b")).StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("ä")]
    [InlineData("256")]
    public async Task A_key_has_a_form(string key)
    {
        var answer = await gateway.Raw($"POST {Once} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer mara\r\nContent-Length: 1\r\nConnection: close\r\n"
            + $"Idempotency-Key: {(key == "256" ? new string('k', 256) : key)}\r\n\r\na");

        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Equal(0, gateway.Ledger.Runs);
    }

    [Fact]
    public async Task Who_is_not_signed_in_has_no_keys()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, (await Post("k-1", "a", who: "nobody")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await Post("k-1", "a", who: "otto")).StatusCode);
        Assert.Equal(0L, await gateway.Database.Ask("select count(*) from console.idempotency"));
    }

    private async Task<HttpResponseMessage> Post(string key, string body, string query = "", string who = "mara")
    {
        using var content = new StringContent(body);
        return await gateway.Send(HttpMethod.Post, Once + query, who, content, ("Idempotency-Key", key));
    }

    private static async Task<(int, string?)> Refusal(Task<HttpResponseMessage> asking)
    {
        using var answer = await asking;
        return ((int)answer.StatusCode, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("code").GetString());
    }
}
