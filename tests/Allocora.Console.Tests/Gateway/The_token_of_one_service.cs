using System.Net;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Allocora.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Allocora.Console.Tests.Gateway;

/// <summary>What a service lets in, asked past the gateway.</summary>
public sealed class The_token_of_one_service : IAsyncLifetime
{
    private static readonly Caller Mara = new("usr_mara", "key:key_mara", null);
    private readonly ManualTime time = new(TimeProvider.System.GetUtcNow());
    private RunningGateway gateway = null!;
    private NpgsqlDataSource worker = null!;

    public async Task InitializeAsync()
    {
        gateway = await RunningGateway.Start(null, time);
        worker = Database.Source(new NpgsqlConnectionStringBuilder(gateway.Database.AddressOf("console_worker")), "console");
    }

    public async Task DisposeAsync()
    {
        await worker.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Opens_that_service_and_no_other()
    {
        var token = Token("ledger", RunningConsole.InnerKey(1));

        Assert.Equal(HttpStatusCode.OK, await Ask(gateway.Ledger, token));
        Assert.Equal(HttpStatusCode.Unauthorized, await Ask(gateway.Connector, token));
    }

    [Fact]
    public async Task Opens_one_workspace_and_no_other()
    {
        var token = Token("ledger", RunningConsole.InnerKey(1));

        Assert.Equal(HttpStatusCode.NotFound, await Ask(gateway.Ledger, token, "ws_two"));
        Assert.Equal(HttpStatusCode.NotFound, await Ask(gateway.Ledger, Token("ledger", RunningConsole.InnerKey(1), workspace: null)));
    }

    [Fact]
    public async Task Ends_after_five_minutes()
    {
        var token = Token("ledger", RunningConsole.InnerKey(1));
        time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.OK, await Ask(gateway.Ledger, token));

        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(HttpStatusCode.Unauthorized, await Ask(gateway.Ledger, token));
    }

    [Fact]
    public async Task Cannot_be_made_or_changed_by_anybody_else()
    {
        var token = Token("ledger", RunningConsole.InnerKey(1));
        var middle = token.Length / 2;
        var changed = token[..middle] + (token[middle] == 'A' ? 'B' : 'A') + token[(middle + 1)..];

        Assert.All(await Task.WhenAll(new[] { changed, token[..^4], "nonsense", "" }.Select(t => Ask(gateway.Ledger, t))),
            status => Assert.Equal(HttpStatusCode.Unauthorized, status));
        Assert.Equal(HttpStatusCode.Unauthorized, await Ask(gateway.Ledger, token: null));
    }

    [Fact]
    public async Task Carries_no_more_than_the_caller_may()
    {
        Assert.Equal(HttpStatusCode.Forbidden, await Ask(gateway.Ledger, Token("ledger", RunningConsole.InnerKey(1), "ws_one", "statements.own")));
    }

    [Fact]
    public void Every_service_needs_a_key_of_its_own()
    {
        var check = new InnerRings.Check();
        var keys = ConsoleModule.Services.Index().ToDictionary(s => s.Item, s => RunningConsole.InnerKey(s.Index));
        Assert.True(check.Validate(null, new() { Keys = keys }).Succeeded);

        Assert.Equal("Inner__Keys__ledger is not valid: give 32 random bytes in Base64.", Refusal(new(keys) { ["ledger"] = "c2hvcnQ=" }));
        Assert.StartsWith("Inner__Keys__connector is not valid", Refusal([]), StringComparison.Ordinal);
        Assert.Equal("Inner__Keys__console is not a setting: there is no such service.", Refusal(new(keys) { ["console"] = RunningConsole.InnerKey(9) }));
        Assert.Equal("Inner__Keys__connector and Inner__Keys__ledger are the same: give each service a key of its own.",
            Refusal(new(keys) { ["connector"] = keys["ledger"] }));

        string Refusal(Dictionary<string, string> given) => check.Validate(null, new() { Keys = given }).FailureMessage!;
    }

    [Fact]
    public async Task Waits_for_the_database_and_is_made_when_that_comes_back()
    {
        await using var nowhere = NpgsqlDataSource.Create(RunningConsole.NoDatabase);
        var keys = ConsoleModule.Services.Index().ToDictionary(s => s.Item, s => RunningConsole.InnerKey(s.Index));
        var options = Options.Create(new InnerKeysOptions { Keys = keys });
        using var away = new InnerRings(nowhere, options, TimeProvider.System, NullLoggerFactory.Instance, NullLogger<InnerRings>.Instance);
        using var there = new InnerRings(worker, options, TimeProvider.System, NullLoggerFactory.Instance, NullLogger<InnerRings>.Instance);
        await away.StartAsync(default);
        await there.StartAsync(default);

        await Eventually.Sees(() => ConsoleModule.Services.Count(s => there.Of(s) is not null), count => count == 4);
        Assert.All(ConsoleModule.Services, service => Assert.Null(away.Of(service)));
        Assert.False(away.ExecuteTask!.IsCompleted);
        await away.StopAsync(default);
    }

    private string Token(string service, string key, string? workspace = "ws_one", params string[] permissions)
    {
        var ring = InnerTokens.RingFor(service, new KeyTable(worker, InnerTokens.RingOf(service)), "Inner__Key", key, NullLoggerFactory.Instance);
        return InnerTokens.Mint(ring, Mara, workspace, permissions is [] ? ["workspace.read"] : permissions, time.GetUtcNow());
    }

    private static async Task<HttpStatusCode> Ask(BackService service, string? token, string workspace = "ws_one")
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{service.Address}/api/v1/workspaces/{workspace}/facts");
        if (token is not null) request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }
}
