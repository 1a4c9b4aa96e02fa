using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox;
using Microsoft.AspNetCore.Http;

namespace Allocora.Connector.Tests;

/// <summary>A sandbox and a database for all tests of a class.</summary>
public sealed class PaddleAndDatabase : IAsyncLifetime
{
    internal Sandbox Sandbox { get; private set; } = null!;

    internal ConnectorDatabase Database { get; private set; } = null!;

    internal HttpClient Control { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Sandbox = await Sandbox.Start(Options.Parse(["--port", "0", "--transactions", "200", "--no-rate-limit"]));
        Control = new HttpClient { BaseAddress = new Uri(Sandbox.Control) };
        Database = await ConnectorDatabase.Create();
    }

    public async Task DisposeAsync()
    {
        Control.Dispose();
        await Sandbox.DisposeAsync();
        await Database.DisposeAsync();
    }
}

public sealed class Calling_Paddle(PaddleAndDatabase world) : IClassFixture<PaddleAndDatabase>, IAsyncLifetime
{
    private PaddleCaller caller = null!;

    public async Task InitializeAsync()
    {
        (await world.Control.DeleteAsync(new Uri("/faults", UriKind.Relative))).EnsureSuccessStatusCode();
        caller = new PaddleCaller(world.Database, PaddleCaller.To(world.Sandbox.Api), world.Sandbox.Key);
    }

    public Task DisposeAsync()
    {
        caller.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task An_answer_has_its_rows_Paddles_time_and_the_name_of_the_call()
    {
        var answer = await caller.Get("/transactions?per_page=30&order_by=id[ASC]");

        var json = JsonNode.Parse(answer.Body.Span)!;
        Assert.Equal((200, 30), (answer.Status, json["data"]!.AsArray().Count));
        Assert.Equal((string)json["meta"]!["request_id"]!, answer.RequestId);
        Assert.Equal(new DateTime(2026, 11, 1), answer.At.UtcDateTime.Date);
    }

    [Fact]
    public async Task A_report_is_ordered()
    {
        using var secret = Secret.Of(world.Sandbox.Key);

        var answer = await caller.Client.Post(
            new("ws_a", "sandbox", secret), Urgency.Bulk, "/reports", """{"type":"transactions"}""", CancellationToken.None);

        Assert.Equal((201, "transactions"), (answer.Status, (string)JsonNode.Parse(answer.Body.Span)!["data"]!["type"]!));
    }

    [Fact]
    public async Task A_key_nobody_knows_is_said_to_be_no_good()
    {
        using var stranger = new PaddleCaller(world.Database, PaddleCaller.To(world.Sandbox.Api));

        var refused = await Assert.ThrowsAsync<PaddleRefusedException>(() => stranger.Get("/transactions"));

        Assert.Equal((403, "invalid_token", true, false), (refused.Status, refused.Code, refused.IsAboutTheKey, refused.IsAboutPermission));
        Assert.Matches("^[0-9a-f-]{36}$", refused.RequestId);
    }

    [Fact]
    public async Task A_key_that_may_not_do_this_is_said_to_be_good()
    {
        var issued = await world.Control.PostAsJsonAsync("/keys", new { permissions = new[] { "transaction.read" } });
        var key = (string)JsonNode.Parse(await issued.Content.ReadAsStringAsync())!["key"]!;
        using var narrow = new PaddleCaller(world.Database, PaddleCaller.To(world.Sandbox.Api), key);

        await narrow.Get("/transactions");
        var refused = await Assert.ThrowsAsync<PaddleRefusedException>(() => narrow.Get("/adjustments"));

        Assert.Equal((403, "forbidden", false, true), (refused.Status, refused.Code, refused.IsAboutTheKey, refused.IsAboutPermission));
    }

    [Theory]
    [InlineData("""{"error":{"code":"not_found"}}""", "not_found")]
    [InlineData("""{"error":{"type":"request_error","errors":[{"code":"x"}],"code":"bad_request"},"meta":{"request_id":"a"}}""", "bad_request")]
    [InlineData("""{"error":{"code":"<script>"}}""", "unknown")]
    [InlineData("""{"error":{"code":"no such row\n"}}""", "unknown")]
    [InlineData("""{"error":{"code":7}}""", "unknown")]
    [InlineData("""{"error":"code"}""", "unknown")]
    [InlineData("<html>", "unknown")]
    [InlineData("", "unknown")]
    public async Task Why_it_refuses_is_believed_when_it_is_a_code(string body, string code)
    {
        await Fault(new { match = "GET /products", kind = "body", status = 404, body });

        var refused = await Assert.ThrowsAsync<PaddleRefusedException>(() => caller.Get("/products"));

        Assert.Equal((404, code), (refused.Status, refused.Code));
        Assert.DoesNotContain("script", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(500, null)]
    [InlineData(502, null)]
    [InlineData(503, 7)]
    public async Task An_error_of_Paddles_own_is_not_the_keys(int status, int? retryAfter)
    {
        await Fault(retryAfter is { } seconds
            ? new { match = "*", kind = "status", status, retryAfter = seconds }
            : new { match = "*", kind = "status", status } as object);

        var gone = await Assert.ThrowsAsync<PaddleUnavailableException>(() => caller.Get("/products"));

        Assert.Equal(("provider-error", retryAfter), (gone.Code, (int?)gone.ComeBackIn?.TotalSeconds));
    }

    [Theory]
    [InlineData("drop")]
    [InlineData("truncate")]
    public async Task A_connection_that_ends_early_is_no_answer(string kind)
    {
        await Fault(new { match = "GET /transactions", kind, times = 0 });

        var gone = await Assert.ThrowsAsync<PaddleUnavailableException>(() => caller.Get("/transactions"));

        var faults = JsonNode.Parse(await world.Control.GetStringAsync(new Uri("/faults", UriKind.Relative)))!;
        Assert.Equal(("provider-unreachable", 1), (gone.Code, (int)faults["faults"]![0]!["hits"]!));
    }

    [Theory]
    [InlineData("before")]
    [InlineData("bytes")]
    public async Task Paddle_has_so_much_time_for_an_answer_and_all_of_its_bytes(string where)
    {
        await Fault(new { match = "GET /transactions", kind = "slow", milliseconds = 20_000, where });
        using var hasty = new PaddleCaller(world.Database, PaddleCaller.To(world.Sandbox.Api, patience: TimeSpan.FromMilliseconds(500)), world.Sandbox.Key);

        var gone = await Assert.ThrowsAsync<PaddleUnavailableException>(() => hasty.Get("/transactions"));

        Assert.Equal("provider-timeout", gone.Code);
    }

    [Fact]
    public async Task Whoever_gives_up_gets_no_answer_and_no_reproach()
    {
        await Fault(new { match = "GET /transactions", kind = "slow", milliseconds = 20_000 });
        using var impatient = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => caller.Get("/transactions", ct: impatient.Token));
    }

    [Fact]
    public async Task Nobody_there_is_said_so()
    {
        var url = "";
        await using (var sink = new Sink()) url = $"http://127.0.0.1:{sink.Port}";
        using var lost = new PaddleCaller(world.Database, PaddleCaller.To(url));

        var gone = await Assert.ThrowsAsync<PaddleUnavailableException>(() => lost.Get("/transactions"));

        Assert.Equal("provider-unreachable", gone.Code);
    }

    [Fact]
    public async Task Something_that_is_not_JSON_is_nonsense()
    {
        await Fault(new { match = "GET /transactions", kind = "body", body = "<html>Back soon, and it is {Key}", contentType = "text/html" });

        var nonsense = await Assert.ThrowsAsync<PaddleNonsenseException>(() => caller.Get("/transactions"));

        Assert.Equal("provider-invalid", nonsense.Code);
        Assert.DoesNotContain("soon", $"{nonsense}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_told_to_wait_says_how_long_and_everybody_waits()
    {
        var options = PaddleCaller.To(world.Sandbox.Api);
        using var first = new PaddleCaller(world.Database, options, world.Sandbox.Key);
        using var other = new PaddleCaller(world.Database, options, world.Sandbox.Key);
        await Fault(new { match = "GET /transactions", kind = "status", status = 429, retryAfter = 1 });
        var before = TimeProvider.System.GetTimestamp();

        var told = await Assert.ThrowsAsync<PaddleUnavailableException>(() => first.Get("/transactions"));
        await other.Get("/transactions", "ws_b", Urgency.Interactive);

        Assert.Equal(("rate-limited", TimeSpan.FromSeconds(1)), (told.Code, told.ComeBackIn));
        Assert.True(TimeProvider.System.GetElapsedTime(before) >= TimeSpan.FromSeconds(1));
    }

    [Theory]
    [InlineData("/transactions/../../elsewhere", "/elsewhere")]
    [InlineData("/@example.com/", "/@example.com/")]
    public async Task A_path_stays_a_path(string asked, string called)
    {
        var path = "";
        await using var server = await Server.Start(http =>
        {
            path = http.Request.Path;
            return http.Response.WriteAsJsonAsync(new { data = 1 });
        });
        using var odd = new PaddleCaller(world.Database, PaddleCaller.To(server.Url));

        await odd.Get(asked);

        Assert.Equal(called, path);
    }

    [Theory]
    [InlineData("")]
    [InlineData("transactions")]
    [InlineData("//example.com/transactions")]
    [InlineData("/\\example.com/transactions")]
    [InlineData("@example.com/transactions")]
    [InlineData(".example.com/transactions")]
    [InlineData(":80/transactions")]
    [InlineData("https://example.com/transactions")]
    public async Task Only_a_path_can_be_called(string path)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => caller.Get(path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\r\nX-More: b")]
    [InlineData("aé")]
    public async Task What_cannot_be_a_key_is_not_sent(string key)
    {
        await using var server = await Server.Start(http => http.Response.WriteAsJsonAsync(new { data = 1 }));
        using var odd = new PaddleCaller(world.Database, PaddleCaller.To(server.Url), key);

        var refused = await Assert.ThrowsAsync<PaddleRefusedException>(() => odd.Get("/transactions"));

        Assert.Equal((true, 0), (refused.IsAboutTheKey, server.Seen.Count));
    }

    private async Task Fault(object fault) => (await world.Control.PostAsJsonAsync("/faults", fault)).EnsureSuccessStatusCode();
}
