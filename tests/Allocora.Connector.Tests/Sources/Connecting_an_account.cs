using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Allocora.Contracts.Api;

namespace Allocora.Connector.Tests.Sources;

public sealed class Connecting_an_account : IAsyncLifetime
{
    private RunningConnector connector = null!;
    private HttpClient admin = null!;

    public async Task InitializeAsync()
    {
        connector = await RunningConnector.Start();
        admin = connector.As("workspace.read", "sources.write");
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
        using var answer = await admin.PostAsJsonAsync(Url("/verify"), new VerifyKeyRequest("paddle", $" {connector.Paddle.Key}\n"));
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
        Assert.Equal(0L, await connector.Database.Ask("select (select count(*) from source) + (select count(*) from credential) + (select count(*) from mt_events)"));
    }

    private static string Url(string rest = "") => $"/api/v1/workspaces/{RunningConnector.Workspace}/sources{rest}";

    private Task<HttpResponseMessage> Connect(string key, params string[] currencies) =>
        admin.PostAsJsonAsync(Url(), new ConnectSourceRequest("Shop", "paddle", key, currencies));

    private async Task<Page<SourceDetails>> Sources() => (await admin.GetFromJsonAsync<Page<SourceDetails>>(Url()))!;
}
