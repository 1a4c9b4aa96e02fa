using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Allocora.Contracts.Api;

namespace Allocora.Console.Tests.Gateway;

/// <summary>What the Ledger and the Connector know of one object, in one answer.</summary>
public sealed class Following_an_object(SharedGateway shared) : IAsyncLifetime, IClassFixture<SharedGateway>
{
    private const string Path = "/api/v1/workspaces/first/provider-objects/";
    private readonly RunningGateway gateway = shared.Gateway;

    public Task InitializeAsync() => gateway.Forget();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Both_are_asked_for_the_caller_and_both_are_heard()
    {
        var answer = await gateway.Get($"{Path}txn_1");
        var said = (await answer.Content.ReadFromJsonAsync<ProviderObject>())!;

        Assert.Equal(("/api/v1/workspaces/ws_one/ledger/objects/txn_1", "usr_mara", "ws_one"), Asked(said.Ledger));
        Assert.Equal(("/api/v1/workspaces/ws_one/sources/objects/txn_1", "usr_mara", "ws_one"), Asked(said.Connector));
        Assert.Empty(said.Missing);
    }

    [Fact]
    public async Task One_that_is_away_is_named_and_the_other_is_heard()
    {
        gateway.Connector.IsAway = true;
        var said = (await (await gateway.Get($"{Path}txn_1")).Content.ReadFromJsonAsync<ProviderObject>())!;

        Assert.Equal((true, false), (said.Ledger is not null, said.Connector is not null));
        Assert.Equal(["connector"], said.Missing);

        gateway.Ledger.IsAway = true;
        var neither = await gateway.Get($"{Path}txn_1");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, neither.StatusCode);
        Assert.Contains("ledger and connector", await neither.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_neither_knows_is_not_there()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await gateway.Get($"{Path}nothing")).StatusCode);
        Assert.Equal(2, gateway.Ledger.Arrivals.Count + gateway.Connector.Arrivals.Count);
        Assert.Equal(HttpStatusCode.NotFound, (await gateway.Get($"{Path}a%2Fb")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await gateway.Get($"{Path}..%2e")).StatusCode);
        Assert.Equal(2, gateway.Ledger.Arrivals.Count + gateway.Connector.Arrivals.Count);
    }

    [Fact]
    public async Task Who_may_not_see_revenue_is_refused_before_anybody_is_asked()
    {
        Assert.Equal(HttpStatusCode.Forbidden, (await gateway.Get($"{Path}txn_1", "jonas")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await gateway.Get($"{Path}txn_1", "otto")).StatusCode);
        Assert.Empty(gateway.Ledger.Arrivals.Concat(gateway.Connector.Arrivals));
    }

    private static (string?, string?, string?) Asked(JsonElement? echo) => (
        echo!.Value.GetProperty("target").GetString(), echo.Value.GetProperty("subject").GetString(), echo.Value.GetProperty("workspace").GetString());
}
