using System.Text.Json.Nodes;
using Allocora.Contracts.Messages;
using Allocora.Testing;

namespace Allocora.Connector.Tests;

/// <summary>Answers that lead elsewhere, nowhere or in circles, or are none, through a whole run.</summary>
public sealed class Pages_nobody_should_follow : IAsyncLifetime
{
    private const string List = "GET /transactions", Id = "txn_01hv8wptq8987qeep44cyrewp9";

    // PORT is one where somebody listens, API is where Paddle is, HOST the same without the scheme.
    private static readonly string[] Forms =
    [
        .. new[]
        {
            "http://127.0.0.1:PORT", "http://localhost:PORT", "https://127.0.0.1:PORT", "http://[::1]:PORT", "http://[::ffff:127.0.0.1]:PORT",
            "http://127.1:PORT",
            "http://2130706433:PORT", "http://0x7f000001:PORT", "http://0177.0.0.1:PORT", "http://0:PORT", "//127.0.0.1:PORT", "API@127.0.0.1:PORT",
            "http://user:pass@127.0.0.1:PORT", "API%40127.0.0.1:PORT", "http://HOST@127.0.0.1:PORT", "http://127.0.0.1:PORT\\@HOST", "API\\@127.0.0.1:PORT",
            "http:\\\\127.0.0.1:PORT", "http:127.0.0.1:PORT", "ftp://127.0.0.1:PORT", "ws://127.0.0.1:PORT",
            "gopher://127.0.0.1:PORT", "API.127.0.0.1:PORT",
            "HTTP://HOST", "http://user@HOST", "http://HOST.", "http://HOST#@127.0.0.1:PORT", "http://127.0.0.1:PORT#HOST", " API", "\tAPI", "\u0000API",
            "http://169.254.169.254", "http://１２７.０.０.１:PORT", "https://api.paddle.com", "https://HOST",
        }.Select(origin => $"{origin}/transactions?after={Id}"),
        "API/adjustments?after=" + Id, "API/transactions/../adjustments?after=" + Id,
        "API/transactions/%2e%2e/events?after=" + Id, "API//transactions?after=" + Id,
        "API/transactions/?after=" + Id, "API/Transactions?after=" + Id,
        "API/transactions;a=b?after=" + Id, "API/transactions#?after=" + Id, "API/transactions",
        "API/transactions?", "API/transactions?after=", "API/transactions?after=../../events", $"API/transactions?after={Id}&after={Id}",
        $"API/transactions?after={Id}%0d%0aX-A:%20b", $"API/transactions?after={Id}\r\nX-A: b", $"API/transactions?after={Id}#x",
        "API/transactions?after=adj_01hv8wptq8987qeep44cyrewp9",
        "API/transactions?after=txn_", "API/transactions?after=http://127.0.0.1:PORT/",
        "API/transactions?AFTER=" + Id, "/transactions?after=" + Id, "?after=" + Id,
        "javascript:1", "file:///etc/passwd", "data:,", "", " ", "null", "API/transactions?after=" + Id + new string('0', 64 << 10), new string('A', 64 << 10),
    ];

    private static readonly string[] Bodies =
    [
        "", " ", "{", "[]", "null", "1", "\"\"", "{}", """{"data":[]}""", """{"meta":{}}""",
        """{"data":[],"meta":{}}""", """{"data":[],"meta":{"pagination":{}}}""",
        """{"data":{},"meta":{"pagination":{"has_more":false}}}""", """{"data":null,"meta":{"pagination":{"has_more":false}}}""",
        """{"data":[],"meta":{"pagination":{"has_more":"no"}}}""", """{"data":[],"meta":{"pagination":{"has_more":true}}}""",
        """{"data":[],"meta":{"pagination":{"has_more":true,"next":null}}}""", """{"data":[],"data":[],"meta":{"pagination":{"has_more":false}}}""",
        """{"data":[NaN],"meta":{"pagination":{"has_more":false}}}""", """{"data":[],"meta":{"pagination":{"has_more":false}}} {}""",
        """{"data":[],"meta":{"pagination":{"has_more":false,"has_more":true}}}""",
        "{\"data\":[],\"meta\":{\"pagination\":{\"has_more\":true,\"next\":\"API/transactions?after=" + Id + "\"}}}",
        "<!doctype html><title>Maintenance</title>",
        "{\"data\":[" + string.Join(',', Enumerable.Repeat("1", 201)) + "],\"meta\":{\"pagination\":{\"has_more\":false}}}",
        new string('[', 10_000), "{\"data\":[" + new string('[', 10_000),
    ];

    private readonly Sink sink = new();
    private SyncedSource source = null!;

    public async Task InitializeAsync() => source = await SyncedSource.Connect("--transactions", "150", "--seed", "9");

    public async Task DisposeAsync()
    {
        await source.DisposeAsync();
        await sink.DisposeAsync();
    }

    [Fact]
    public async Task No_address_of_a_next_page_leads_anywhere_and_the_next_run_brings_all()
    {
        Assert.True(Forms.Length >= 40);
        foreach (var form in Forms)
        {
            await Fails(new() { ["kind"] = "next", ["next"] = Here(form) }, form.Length > 200 ? form[..80] : form, "provider-invalid");
            Assert.Equal(0, sink.Connections);
        }
        await Goes_well();
        Assert.Equal(0, sink.Connections);
    }

    [Fact]
    public async Task What_is_no_page_ends_the_run_and_the_next_one_brings_all()
    {
        foreach (var body in Bodies)
            await Fails(new() { ["kind"] = "body", ["body"] = Here(body) }, body.Length > 200 ? body[..80] : body, "provider-invalid");
        await Fails(new() { ["kind"] = "body", ["body"] = "<html></html>", ["contentType"] = "text/html" }, "HTML", "provider-invalid");
        await Goes_well();
    }

    [Theory]
    [InlineData(29)] // the page itself again
    [InlineData(3)] // back
    public async Task A_list_that_goes_in_circles_is_left(int back)
    {
        var ids = (await Truth.Rows(source.Connector.Control, "/truth/transactions")).Where(t => (string)t["status"]! is "paid" or "completed")
            .Select(t => (string)t["id"]!).Order(StringComparer.Ordinal).ToList();
        var next = Here($"API/transactions?after={ids[back]}");
        await Fails(new() { ["kind"] = "next", ["next"] = next, ["after"] = 1, ["times"] = 0 }, next, "provider-loop");
        await Goes_well();
    }

    [Theory]
    [InlineData("truncate")]
    [InlineData("drop")]
    [InlineData("status")]
    public async Task A_connection_that_ends_too_early_is_waited_for(string kind)
    {
        await source.Faults(new JsonObject { ["match"] = List, ["kind"] = kind, ["after"] = 2, ["times"] = 2 });
        var run = await source.Start();
        var waiting = await Eventually.Sees(ct => source.Run(run, ct), now => now.State == "waiting");
        Assert.Equal(kind == "status" ? "provider-error" : "provider-unreachable", waiting.WaitingBecause);
        Assert.Equal("succeeded", (await source.Over(run)).State);
        Assert.Equal(0L, await source.Connector.Database.Ask(
            "select count(*) from (select request from sync_page group by request having count(*) > 1) as twice"));
        await All();
    }

    [Fact]
    public async Task Failures_count_only_in_a_row()
    {
        await using var patient = await SyncedSource.Connect(new ConnectorWish { Settings = ["--Sync:FailuresMax=3"] }, [], "--transactions", "150");
        // Two, then a page, then two again.
        await patient.Faults([.. new[] { 0, 3 }.Select(after => new JsonObject { ["match"] = List, ["kind"] = "drop", ["after"] = after, ["times"] = 2 })]);
        Assert.Equal("succeeded", (await patient.Sync()).State);
        await patient.Faults(new JsonObject { ["match"] = List, ["kind"] = "drop", ["times"] = 0 });
        var lost = await patient.Sync("full");
        Assert.Equal(("failed", "provider-unreachable"), (lost.State, lost.Error?.Code));
    }

    [Fact]
    public async Task A_row_that_cannot_be_read_is_invalid_and_its_neighbours_are_not()
    {
        var before = await source.Sync("full");
        JsonObject[] rubbish =
        [
            .. new (string Path, JsonNode? Value)[]
            {
                ("details.totals.total", "ten"), ("details.totals.total", 2090), ("details.totals.total", "20.90"), ("details.totals.total", null),
                ("details.totals.total", "1" + new string('0', 400)), ("details.totals", null), ("details", null), ("details.line_items", "none"),
                ("details.totals.currency_code", "EUR"), ("details.line_items.0", 7), ("details.line_items.0.totals", null), ("currency_code", "usd"),
                ("currency_code", null), ("created_at", "yesterday"), ("updated_at", null), ("updated_at", "2026-13-01T00:00:00Z"),
                ("details.line_items.0.quantity", "2"), ("details.payout_totals", "none"), ("customer_id", 5),
            }.Select((wrong, n) => Sample.Transaction(n + 1).With(wrong.Path, wrong.Value)),
        ];
        var good = Sample.Transaction(rubbish.Length + 1);
        await source.Paddle("POST", "/objects", new JsonArray([.. rubbish, good]));

        var run = await source.Sync("full");
        Assert.Equal("succeeded", run.State);
        var rows = await source.Rows(run.Id, "invalid");
        Assert.Equal(rubbish.Select(r => (string)r["id"]!), rows.Select(r => r.ProviderId!).Order(StringComparer.Ordinal));
        Assert.All(rows, row => Assert.Matches("^[a-z-]+:", row.Reason));
        Assert.Equal((rubbish.Length, 1L, before.Rows + rubbish.Length + 1), (run.Outcomes["invalid"], run.Outcomes["accepted"], run.Rows));
        Assert.Equal(run.Rows, run.Outcomes.Values.Sum());
        await Eventually.Sees(
            () => source.Queue.Named(PaddleTransactionSeen.Name).Any(m => (string)m.Json["transaction"]!["id"]! == (string)good["id"]!), told => told);
    }

    private string Here(string form)
    {
        var api = source.Connector.Paddle.Api;
        return form.Replace("API", api, StringComparison.Ordinal).Replace("HOST", new Uri(api).Authority, StringComparison.Ordinal)
            .Replace("PORT", $"{sink.Port}", StringComparison.Ordinal);
    }

    private async Task Fails(JsonObject fault, string what, string code)
    {
        fault["match"] = List;
        await source.Faults(fault);
        var run = await source.Sync();
        Assert.True(run.State == "failed" && run.Error?.Code == code, $"{what}: {run.State} {run.Error}");
        Assert.Equal(run.Rows, run.Outcomes.Values.Sum());
    }

    private async Task Goes_well()
    {
        await source.Faults();
        Assert.Equal("succeeded", (await source.Sync()).State);
        await All();
    }

    private async Task All()
    {
        await Eventually.Sees(_ => source.Connector.Database.Ask("select count(*) from outbox where sent_at is null"), open => open is 0L);
        var told = (long)(await source.Connector.Database.Ask("select count(*) from outbox"))!;
        await Eventually.Sees(() => source.Queue.Messages.Count, count => count >= told);
        await Truth.Equals(source.Connector.Control, source.Queue);
    }
}
