using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Allocora.Connector.Tests;

/// <summary>The register over HTTP.</summary>
public sealed class Asking_for_skipped_rows : IAsyncLifetime
{
    private const string Rows = $"/api/v1/workspaces/{RunningConnector.Workspace}/skipped-rows";
    private RunningConnector connector = null!;

    public async Task InitializeAsync() => connector = await RunningConnector.Start();

    public async Task DisposeAsync() => await connector.DisposeAsync();

    [Fact]
    public async Task The_register_is_listed_by_page_and_filter_newest_first()
    {
        var ids = new List<string>();
        for (var n = 1; n <= 5; n++)
            ids.Add(await connector.Database.Skipped($"txn_{n}", n == 3 ? "unknown-status" : "zero-amount", workspace: RunningConnector.Workspace));
        var guess = ids[2];
        ids.Sort((a, b) => string.CompareOrdinal(b, a));
        await connector.Database.Skipped("txn_9", workspace: RunningConnector.OtherWorkspace);
        var reader = connector.As("workspace.read");
        var first = await reader.GetFromJsonAsync<JsonElement>($"{Rows}?limit=3");
        var cursor = first.GetProperty("page").GetProperty("nextCursor").GetString();
        var second = await reader.GetFromJsonAsync<JsonElement>($"{Rows}?limit=3&cursor={cursor}");
        Assert.Equal(ids, Ids(first).Concat(Ids(second)));
        Assert.False(second.GetProperty("page").GetProperty("hasMore").GetBoolean());

        Assert.Equal([guess], Ids(await reader.GetFromJsonAsync<JsonElement>($"{Rows}?status=open&reason=unknown-status&source=src_one")));
        Assert.Empty(Ids(await reader.GetFromJsonAsync<JsonElement>($"{Rows}?status=included")));
        Assert.Empty(Ids(await reader.GetFromJsonAsync<JsonElement>($"{Rows}?source=src_two")));
        foreach (var wrong in new[] { "?status=closed", "?limit=0", "?cursor=%00", "?reason=%00" })
            Assert.Equal(HttpStatusCode.BadRequest, (await reader.GetAsync(Rows + wrong)).StatusCode);
    }

    [Fact]
    public async Task A_row_is_shown_as_it_was_agreed_and_only_in_its_workspace()
    {
        var id = await connector.Database.Skipped("txn_1", workspace: RunningConnector.Workspace);
        var row = await connector.As("workspace.read").GetFromJsonAsync<JsonElement>($"{Rows}/{id}");
        Assert.Equal(
            "id source environment providerId kind reason detail amount providerStatus occurredAt status firstRun lastRun decidedBy decidedAt decidedReason",
            string.Join(' ', row.EnumerateObject().Select(m => m.Name)));
        Assert.Equal("""{"amount":"-250","currency":"USD"}""", row.GetProperty("amount").GetRawText());
        var elsewhere = connector.In(RunningConnector.OtherWorkspace, "workspace.read");
        Assert.Equal(
            HttpStatusCode.NotFound, (await elsewhere.GetAsync($"/api/v1/workspaces/{RunningConnector.OtherWorkspace}/skipped-rows/{id}")).StatusCode);
    }

    [Fact]
    public async Task Who_may_decide_gets_a_result_for_each_row_and_others_none()
    {
        var id = await connector.Database.Skipped("txn_1", workspace: RunningConnector.Workspace);
        var body = new { ids = new[] { id, "skp_none" }, decision = "include", reason = "A gift, agreed." };
        Assert.Equal(HttpStatusCode.Forbidden, (await connector.As("workspace.read").PostAsJsonAsync($"{Rows}/decisions", body)).StatusCode);
        var answer = await connector.As("rows.decide").PostAsJsonAsync($"{Rows}/decisions", body);
        const string nothing = """{"id":"skp_none","result":"not-found","status":null,"detail":"There is no such row in this workspace."}""";
        Assert.Equal(
            $$"""{"results":[{"id":"{{id}}","result":"done","status":"included","detail":null},{{nothing}}]}""", await answer.Content.ReadAsStringAsync());
        var row = await connector.As("workspace.read").GetFromJsonAsync<JsonElement>($"{Rows}/{id}");
        Assert.Equal(
            ("included", RunningConnector.Person, "A gift, agreed."),
            (row.GetProperty("status").GetString(), row.GetProperty("decidedBy").GetString(), row.GetProperty("decidedReason").GetString()));
    }

    [Fact]
    public async Task A_decision_that_makes_no_sense_is_refused_by_field()
    {
        foreach (var (body, field) in new[]
                 {
                     ("""{"ids":[],"decision":"include","reason":"x"}""", "#/ids"),
                     ("""{"ids":[""],"decision":"include","reason":"x"}""", "#/ids"),
                     ("""{"ids":["a\u0000"],"decision":"include","reason":"x"}""", "#/ids"),
                     ("""{"ids":["a"],"decision":"delete","reason":"x"}""", "#/decision"),
                     ("""{"ids":["a"],"decision":"include","reason":" "}""", "#/reason"),
                     ("""{"ids":["a"],"decision":"include","reason":"x\u0000"}""", "#/reason"),
                 })
        {
            var answer = await connector.As("rows.decide").PostAsync($"{Rows}/decisions", new StringContent(body, null, "application/json"));
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Equal(field, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("errors")[0].GetProperty("pointer").GetString());
        }
    }

    [Fact]
    public async Task At_most_a_thousand_rows_and_five_hundred_characters()
    {
        var decider = connector.As("rows.decide");
        async Task<HttpStatusCode> Status(int rows, int characters)
        {
            var body = new { ids = Enumerable.Range(0, rows).Select(n => $"skp_{n}"), decision = "exclude", reason = new string('x', characters) };
            return (await decider.PostAsJsonAsync($"{Rows}/decisions", body)).StatusCode;
        }
        Assert.Equal(HttpStatusCode.OK, await Status(1000, 500));
        Assert.Equal(HttpStatusCode.BadRequest, await Status(1001, 1));
        Assert.Equal(HttpStatusCode.BadRequest, await Status(1, 501));
    }

    [Fact]
    public async Task What_waits_is_listed_with_what_it_waits_for()
    {
        await connector.Database.Source(workspace: RunningConnector.Workspace);
        await Put("txn_1", "observed", "not-paid");
        await Put("txn_2", "observed", "before-start");
        await Put("txn_3", "skipped", "zero-amount");
        await Put("txn_4", "counts", null);
        for (var n = 1; n <= 5; n++) await Put($"adj_{n}", "waiting", "transaction-unknown", $"txn_{n}");
        await Put("adj_6", "counts", null, "txn_4");
        var reader = connector.As("workspace.read");
        var path = $"/api/v1/workspaces/{RunningConnector.Workspace}/sources/src_one/waiting";
        var page = await reader.GetFromJsonAsync<JsonElement>(path);
        Assert.Equal(
            "adj_5 transaction-unknown, adj_4 next-sync, adj_3 transaction-skipped, adj_2 transaction-before-start, adj_1 transaction-not-paid",
            string.Join(", ", page.GetProperty("data").EnumerateArray().Select(a => $"{a.GetProperty("id")} {a.GetProperty("reason")}")));
        var first = await reader.GetFromJsonAsync<JsonElement>($"{path}?limit=2");
        Assert.Equal("adj_4", first.GetProperty("page").GetProperty("nextCursor").GetString());
        Assert.Equal(["adj_3", "adj_2"], Ids(await reader.GetFromJsonAsync<JsonElement>($"{path}?limit=2&cursor=adj_4")));
        var elsewhere = path.Replace(RunningConnector.Workspace, RunningConnector.OtherWorkspace, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await connector.In(RunningConnector.OtherWorkspace, "workspace.read").GetAsync(elsewhere)).StatusCode);
    }

    private Task Put(string id, string standing, string? reason, string? transaction = null) =>
        connector.Database.Object(id, standing, reason, transaction, RunningConnector.Workspace);

    private static IEnumerable<string?> Ids(JsonElement page) => page.GetProperty("data").EnumerateArray().Select(r => r.GetProperty("id").GetString());
}
