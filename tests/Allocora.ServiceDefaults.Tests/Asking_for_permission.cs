using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using System.Xml.Linq;
using Allocora.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Allocora.ServiceDefaults.Tests;

public sealed class Asking_for_permission : IAsyncLifetime
{
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(32);
    private readonly Keys keys = new();
    private readonly ManualTime time = new(new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero));
    private TestHost ledger = null!;

    public async Task InitializeAsync() => ledger = await Start("ledger", Key);

    public async Task DisposeAsync() => await ledger.DisposeAsync();

    [Fact]
    public async Task Whoever_holds_it_where_it_is_asked_for_is_let_in()
    {
        var (status, body) = await Ask("/w/ws_1/facts", Token("ledger", "ws_1", "revenue.read"));

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("usr_1 by key:key_1 from 10.1.2.3 in ws_1", body.GetString());
    }

    [Fact]
    public async Task Whoever_lacks_it_is_told_which_it_is()
    {
        var (status, problem) = await Ask("/w/ws_1/facts", Token("ledger", "ws_1", "sync.run"));

        Assert.Equal((HttpStatusCode.Forbidden, "insufficient-scope"), (status, problem.GetProperty("code").GetString()));
        Assert.Equal("This needs the permission revenue.read.", problem.GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("ws_2")]
    [InlineData(null)]
    public async Task Elsewhere_there_is_nothing(string? workspace)
    {
        var (status, problem) = await Ask("/w/ws_1/facts", Token("ledger", workspace, "revenue.read"));

        Assert.Equal((HttpStatusCode.NotFound, "not-found"), (status, problem.GetProperty("code").GetString()));
        Assert.DoesNotContain("ws_2", problem.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_for_a_workspace_does_not_open_what_has_none() =>
        Assert.Equal(HttpStatusCode.NotFound, (await Ask("/platform", Token("ledger", "ws_1", "workspaces.create"))).Status);

    [Fact]
    public async Task Without_a_token_nobody_is_let_in()
    {
        foreach (var token in new[] { null, "", "nonsense", Token("ledger", "ws_1", "revenue.read")[..^4], $"{Token("ledger", "ws_1", "revenue.read")}A" })
            Assert.Equal(HttpStatusCode.Unauthorized, (await Ask("/w/ws_1/facts", token)).Status);
        Assert.Equal(HttpStatusCode.OK, (await Ask("/open", null)).Status);
    }

    [Fact]
    public async Task A_token_is_good_for_five_minutes()
    {
        var token = Token("ledger", "ws_1", "revenue.read");

        time.Advance(InnerTokens.Lifetime - TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.OK, (await Ask("/w/ws_1/facts", token)).Status);

        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.Unauthorized, (await Ask("/w/ws_1/facts", token)).Status);
    }

    [Fact]
    public async Task A_token_for_one_service_opens_no_other_even_with_the_same_sealing_key() =>
        Assert.Equal(HttpStatusCode.Unauthorized, (await Ask("/w/ws_1/facts", Token("calculation", "ws_1", "revenue.read"))).Status);

    [Fact]
    public async Task Keys_sealed_by_somebody_else_open_nothing_and_the_service_says_it_is_not_ready()
    {
        Token("connector", "ws_1", "revenue.read");
        await using var connector = await Start("connector", RandomNumberGenerator.GetBytes(32));

        using var ready = await connector.Http.GetAsync("/healthz/ready");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Contains("keys of the gateway", await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_is_ready_once_the_gateway_has_made_its_first_key()
    {
        await using var statements = await Start("statements", Key);
        using var before = await statements.Http.GetAsync("/healthz/ready");
        Token("statements", "ws_1");
        using var after = await statements.Http.GetAsync("/healthz/ready");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (before.StatusCode, after.StatusCode));
    }

    [Fact]
    public async Task A_key_copied_from_the_ring_of_another_service_opens_nothing()
    {
        Token("calculation", "ws_1");
        keys.Of(InnerTokens.RingOf("statements")).StoreElement(keys.Of(InnerTokens.RingOf("calculation")).GetAllElements().Single(), "copied");
        await using var statements = await Start("statements", Key);

        using var ready = await statements.Http.GetAsync("/healthz/ready");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
    }

    [Fact]
    public void The_keys_cannot_be_read_where_they_are_kept()
    {
        Token("ledger", "ws_1");

        var kept = Assert.Single(keys.Of(InnerTokens.RingOf("ledger")).GetAllElements()).ToString();

        Assert.Contains("<sealed", kept, StringComparison.Ordinal);
        Assert.DoesNotContain("masterKey", kept, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nobody", "HTTP: GET /nobody does not say who may call it: give it RequirePermission, AllowMembers, AllowSignedIn or AllowAnyone.")]
    [InlineData("unknown", "HTTP: GET /unknown needs revenue.raed, which is not in the table of permissions.")]
    [InlineData("unchecked", "HTTP: GET /unchecked is not for anyone, and the host does not call UseAccess.")]
    public async Task A_host_with_an_endpoint_that_is_not_guarded_does_not_start(string route, string why)
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => TestHost.Start(null, app =>
        {
            if (route != "unchecked") app.UseAccess();
            var endpoint = app.MapGet($"/{route}", () => "");
            if (route == "unknown") endpoint.RequirePermission("revenue.raed");
            if (route == "unchecked") endpoint.AllowSignedIn();
        }));

        Assert.Equal(why, refused.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("c2hvcnQ=")]
    [InlineData("not base64 at all, but it is quite as long as it should be..")]
    public async Task A_sealing_key_that_is_none_is_named(string key)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(async () =>
        {
            await using var host = await TestHost.Start(
                builder => builder.AddInnerTokens("ledger", (_, ring) => keys.Of(ring)), app => app.UseAccess(), $"Inner:Key={key}");
            host.App.Services.GetRequiredService<KeyRing>();
        });

        Assert.StartsWith("Inner__Key is not valid: ", refused.Failures.First(), StringComparison.Ordinal);
        Assert.True(key == "" || !refused.Message.Contains(key, StringComparison.Ordinal));
    }

    private Task<TestHost> Start(string service, byte[] key) => TestHost.Start(
        builder =>
        {
            builder.Services.Replace(ServiceDescriptor.Singleton<TimeProvider>(time));
            builder.AddInnerTokens(service, (_, ring) => keys.Of(ring));
        },
        app =>
        {
            app.UseAccess();
            app.MapGet("/w/{ws}/facts", (HttpContext http) =>
            {
                var caller = Caller.Of(http);
                return Results.Json($"{caller.Subject} by {caller.Via} from {caller.Ip} in {http.Workspace()}");
            }).RequirePermission("revenue.read");
            app.MapGet("/platform", () => Results.Json("done")).RequirePermission("workspaces.create");
            app.MapGet("/open", () => Results.Json("open")).AllowAnyone();
        },
        $"Inner:Key={Convert.ToBase64String(key)}");

    private string Token(string service, string? workspace, params string[] permissions)
    {
        var ring = new KeyRing(InnerTokens.RingOf(service), keys.Of(InnerTokens.RingOf(service)), Key, makesKeys: true, NullLoggerFactory.Instance);
        return InnerTokens.Mint(ring, new("usr_1", "key:key_1", "10.1.2.3"), workspace, permissions, time.GetUtcNow());
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> Ask(string path, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await ledger.Http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>());
    }

    private sealed class Keys
    {
        private readonly ConcurrentDictionary<string, Ring> rings = [];

        public IXmlRepository Of(string ring) => rings.GetOrAdd(ring, _ => new());

        private sealed class Ring : IXmlRepository
        {
            private readonly ConcurrentQueue<XElement> elements = [];

            public IReadOnlyCollection<XElement> GetAllElements() => [.. elements];

            public void StoreElement(XElement element, string friendlyName) => elements.Enqueue(element);
        }
    }
}
