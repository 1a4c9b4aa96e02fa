using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Allocora.Contracts.Api;

namespace Allocora.Connector.Tests.Sources;

public sealed class Connecting_an_account : IAsyncLifetime
{
    private RunningConnector connector = null!;
    private HttpClient admin = null!;
    private SourceCalls calls = null!;

    public async Task InitializeAsync()
    {
        connector = await RunningConnector.Start();
        calls = new(connector);
        admin = calls.Http;
    }

    public async Task DisposeAsync() => await connector.DisposeAsync();

    [Fact]
    public async Task A_good_key_connects_and_is_shown_masked_only()
    {
        using var answer = await Connect(connector.Paddle.Key, "USD", "EUR");
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var source = (await answer.Content.ReadFromJsonAsync<SourceDetails>())!;

        Assert.Equal($"/api/v1/workspaces/{RunningConnector.Workspace}/sources/{source.Id}", answer.Headers.Location!.OriginalString);
        Assert.Equal(("active", "sandbox", 60, "\"1\""), (source.State, source.Environment, source.IntervalMinutes, answer.Headers.ETag!.Tag));
        Assert.Equal(["USD", "EUR"], source.Currencies);
        Assert.Equal($"{connector.Paddle.Key[..26]}****", source.Key!.Masked);
        Assert.Equal(JsonSerializer.Serialize(source), JsonSerializer.Serialize(await admin.GetFromJsonAsync<SourceDetails>(answer.Headers.Location)));
        Assert.Equal(source.Id, Assert.Single((await Sources()).Data).Id);
        Assert.Equal("source_connected", await connector.Database.Ask("select string_agg(type, ',') from mt_events"));
    }

    [Fact]
    public async Task Verifying_a_key_tells_check_by_check_and_stores_nothing()
    {
        using var answer = await admin.PostAsJsonAsync(SourceCalls.Url("/verify"), new VerifyKeyRequest("paddle", $" {connector.Paddle.Key}\n"));
        var found = (await answer.Content.ReadFromJsonAsync<KeyVerification>())!;

        Assert.Equal((true, null, "sandbox", "1"), (found.Ok, found.Reason, found.Environment, found.Account));
        Assert.Equal(
            [
                "format", "environment", "reachable", "authenticated", "transaction.read", "adjustment.read", "product.read", "price.read", "notification.read",
                "report.read", "report.write", "address.read", "discount.read", "currencies",
            ],
            found.Checks.Select(check => check.Name));
        Assert.All(found.Checks.SkipLast(1), check => Assert.True(check.Ok, $"{check}"));
        Assert.NotEmpty(found.Currencies);
        Assert.Equal(0L, await Stored());
    }

    [Fact]
    public async Task A_key_that_is_not_good_enough_is_refused_check_by_check_and_stored_nowhere()
    {
        var (revoked, gone) = await calls.NewKey();
        await calls.Revoke(revoked);
        var (_, narrow) = await calls.NewKey("transaction.read", "product.read", "price.read");
        foreach (var (key, reason, failing) in new[]
                 {
                     ("nonsense", "credential-malformed", "format"), (gone, "credential-invalid", "authenticated"),
                     (narrow, "credential-missing-permission", "adjustment.read"),
                 })
        {
            var (status, problem, _) = await calls.Post("", new ConnectSourceRequest("Shop", "paddle", key));

            Assert.Equal((HttpStatusCode.UnprocessableEntity, "credential-rejected", reason), (status, (string)problem["code"]!, (string)problem["reason"]!));
            var check = problem["checks"]!.AsArray().First(c => (bool)c!["required"]! && c["ok"]?.GetValue<bool>() == false)!;
            Assert.Equal((failing, (string)problem["detail"]!), ((string)check["name"]!, (string)check["detail"]!));
        }
        Assert.Equal(0L, await Stored());
    }

    [Fact]
    public async Task What_a_key_lacks_beyond_what_is_needed_is_told_and_kept()
    {
        var (_, narrow) = await calls.NewKey("transaction.read", "adjustment.read", "product.read", "price.read");
        string[] lacks = ["notification.read", "report.read", "report.write", "address.read", "discount.read"];

        Assert.Equal(lacks, (await calls.Connect(narrow)).Lacks);
    }

    [Fact]
    public async Task When_Paddle_does_not_answer_nobody_says_the_key_is_wrong()
    {
        await calls.Fault(new { match = "*", kind = "status", status = 503, times = 0 });
        foreach (var path in new[] { "", "/verify" })
        {
            var (status, problem, _) = await calls.Post(path, path == "" ? new ConnectSourceRequest("Shop", "paddle", connector.Paddle.Key)
                : new VerifyKeyRequest("paddle", connector.Paddle.Key));
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "upstream-unavailable"), (status, (string)problem["code"]!));
        }
    }

    [Fact]
    public async Task An_account_that_is_connected_is_not_connected_again_by_this_key_or_another_until_it_is_disconnected()
    {
        var first = await calls.Connect();
        foreach (var key in new[] { connector.Paddle.Key, (await calls.NewKey()).Key })
        {
            var (status, problem, _) = await calls.Post("", new ConnectSourceRequest("Again", "paddle", key));
            Assert.Equal((HttpStatusCode.Conflict, "source-exists", first.Id), (status, (string)problem["code"]!, (string)problem["source"]!));
        }
        Assert.Equal(HttpStatusCode.NoContent, (await calls.Send(HttpMethod.Delete, SourceCalls.Url($"/{first.Id}"))).Status);
        Assert.NotEqual(first.Id, (await calls.Connect()).Id);
        Assert.Equal(2, (await Sources()).Data.Count);
    }

    [Fact]
    public async Task Where_Paddle_does_not_say_whose_a_key_is_the_key_itself_or_its_sales_do()
    {
        await calls.Fault(new { match = "GET / ", kind = "status", status = 404, times = 0 });
        await calls.Fault(new { match = "GET /", kind = "missing", fields = new[] { "account" }, times = 0 });
        var first = await calls.Connect();
        Assert.Null(first.Account);
        var (_, other) = await calls.NewKey();

        Assert.Equal(HttpStatusCode.Conflict, (await calls.Post("", new ConnectSourceRequest("Again", "paddle", connector.Paddle.Key))).Status);
        await connector.Database.Ask($"""
            insert into provider_object (
              tenant_id, environment, provider_id, kind, source_id, status, created_at, updated_at, revision, content, standing, is_open)
            select tenant_id, environment, '{await NewestSale()}', 'transaction', id, 'completed', now(), now(), '', '', 'counts', false from source
            """);
        Assert.Equal(HttpStatusCode.Conflict, (await calls.Post("", new ConnectSourceRequest("Again", "paddle", other))).Status);
    }

    [Fact]
    public async Task Two_who_connect_an_account_at_once_make_one_source()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => calls.Post("", new ConnectSourceRequest("Shop", "paddle", connector.Paddle.Key))));

        Assert.Equal(1, answers.Count(answer => answer.Status == HttpStatusCode.Created));
        Assert.Equal(5, answers.Count(answer => answer.Status == HttpStatusCode.Conflict));
        Assert.Equal(1L, await connector.Database.Ask("select count(*) from source"));
    }

    [Fact]
    public async Task What_makes_no_sense_is_refused_before_Paddle_is_asked()
    {
        foreach (var (body, at) in new (object Body, string At)[]
                 {
                     (new ConnectSourceRequest(" ", "paddle", "x"), "#/name"), (new ConnectSourceRequest("Shop", "stripe", "x"), "#/provider"),
                     (new ConnectSourceRequest("Shop", "paddle", "x", ["usd"]), "#/currencies/0"),
                     (new ConnectSourceRequest("Shop", "paddle", "x", ["USD", "USD"]), "#/currencies"),
                     (new ConnectSourceRequest("Shop", "paddle", "x", StartDate: "31.1.2026"), "#/startDate"),
                     (new ConnectSourceRequest("Shop", "paddle", "x", StartDate: "2999-01-01"), "#/startDate"),
                     (new ConnectSourceRequest("Shop", "paddle", "x", IntervalMinutes: 4), "#/intervalMinutes"),
                     (new ConnectSourceRequest("Shop", "paddle", "x", CustomDataKeys: [""]), "#/customDataKeys/0"),
                 })
        {
            var (status, problem, _) = await calls.Post("", body);
            Assert.Equal((HttpStatusCode.BadRequest, at), (status, (string)problem["errors"]![0]!["pointer"]!));
        }
        Assert.Empty((await connector.Control.GetFromJsonAsync<JsonObject>("/counters"))!["keys"]?.AsObject() ?? []);
    }

    [Fact]
    public async Task Nobody_sees_or_writes_another_workspace_s_sources()
    {
        var source = await calls.Connect();
        var other = connector.In(RunningConnector.OtherWorkspace, "workspace.read", "sources.write");
        var address = $"/api/v1/workspaces/{RunningConnector.OtherWorkspace}/sources";

        Assert.Empty((await other.GetFromJsonAsync<Page<SourceDetails>>(address))!.Data);
        Assert.Equal(HttpStatusCode.NotFound, (await other.GetAsync($"{address}/{source.Id}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await other.PostAsync($"{address}/{source.Id}/pause", null)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await other.DeleteAsync($"{address}/{source.Id}")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await connector.As("workspace.read").PostAsync(SourceCalls.Url($"/{source.Id}/pause"), null)).StatusCode);
        Assert.Equal("active", (await calls.Read(source.Id)).State);
    }

    private Task<HttpResponseMessage> Connect(string key, params string[] currencies) =>
        admin.PostAsJsonAsync(SourceCalls.Url(), new ConnectSourceRequest("Shop", "paddle", key, currencies));

    private async Task<Page<SourceDetails>> Sources() => (await admin.GetFromJsonAsync<Page<SourceDetails>>(SourceCalls.Url()))!;

    private Task<object?> Stored() =>
        connector.Database.Ask("select (select count(*) from source) + (select count(*) from credential) + (select count(*) from mt_events)");

    private async Task<string> NewestSale()
    {
        using var paddle = new HttpClient { BaseAddress = new(connector.Paddle.Api) };
        paddle.DefaultRequestHeaders.Authorization = new("Bearer", connector.Paddle.Key);
        var page = await paddle.GetFromJsonAsync<JsonObject>("/transactions?status=completed&order_by=id%5BDESC%5D&per_page=1");
        return (string)page!["data"]![0]!["id"]!;
    }
}
