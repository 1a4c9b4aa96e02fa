using System.Net;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.World;
using Microsoft.AspNetCore.Routing;

namespace Allocora.PaddleSandbox;

/// <summary>What a key may do, for every endpoint that the running sandbox has.</summary>
public sealed class Permissions_of_keys : IAsyncLifetime
{
    private Running sandbox = null!;

    public async Task InitializeAsync() => sandbox = await Running.With("--transactions", "0");

    public async Task DisposeAsync() => await sandbox.DisposeAsync();

    [Fact]
    public async Task Every_endpoint_refuses_a_key_without_its_permission_and_takes_one_with_nothing_else()
    {
        var tried = new List<string>();
        foreach (var (endpoint, method, needs) in Endpoints().Where(one => one.Needs.Permission is not null))
        {
            var name = $"{method} {endpoint.RoutePattern.RawText}";
            var all = Keys.Permissions.Where(one => !Grants(one, needs.Permission!));
            var (without, with) = (await sandbox.KeyFor([.. all]), await sandbox.KeyFor(needs.Permission!));

            var refused = await Call(endpoint, method, without);
            var taken = await Call(endpoint, method, with);

            Assert.True(refused is (HttpStatusCode.Forbidden, "forbidden"), $"{name} without {needs.Permission}: {refused}");
            Assert.True(taken.Code != "forbidden", $"{name} with {needs.Permission}: {taken}");
            tried.Add(name);
        }
        Assert.Contains("GET /events", tried);
        Assert.Contains("PATCH /notification-settings/{id}", tried);
        Assert.True(tried.Count >= 16, string.Join(", ", tried));
    }

    [Fact]
    public async Task Every_endpoint_that_needs_no_permission_needs_a_key_all_the_same_unless_it_says_otherwise()
    {
        var open = new List<string>();
        foreach (var (endpoint, method, needs) in Endpoints().Where(one => one.Needs.Permission is null))
        {
            var (status, code) = await Call(endpoint, method, null);
            if (needs.KeyIsOptional) open.Add(endpoint.RoutePattern.RawText!);
            Assert.Equal(needs.KeyIsOptional, (status, code) != (HttpStatusCode.Forbidden, "authentication_missing"));
        }
        Assert.Equal(["/", "/ips"], open.Where(one => one is "/" or "/ips" or "/event-types" or "/currencies"));
    }

    [Fact]
    public void Every_endpoint_says_what_it_needs()
    {
        Assert.All(sandbox.Sandbox.Endpoints, one => Assert.True(one.Metadata.GetMetadata<Needs>() is not null, one.RoutePattern.RawText));
    }

    [Fact]
    public async Task Write_includes_read_but_read_not_write()
    {
        using var writer = sandbox.As(await sandbox.KeyFor("product.write"));
        using var reader = sandbox.As(await sandbox.KeyFor("product.read"));
        var product = new JsonObject { ["name"] = "x", ["tax_category"] = "saas" };

        await sandbox.Send(HttpMethod.Get, "/products", null, HttpStatusCode.OK, writer);
        await sandbox.Send(HttpMethod.Post, "/products", product, HttpStatusCode.Created, writer);
        await sandbox.Send(HttpMethod.Get, "/products", null, HttpStatusCode.OK, reader);
        var refused = await sandbox.Send(HttpMethod.Post, "/products", product, HttpStatusCode.Forbidden, reader);
        await sandbox.Send(HttpMethod.Get, "/products?include=prices", null, HttpStatusCode.Forbidden, reader);

        Assert.Equal("forbidden", (string)refused["error"]!["code"]!);
    }

    [Fact]
    public async Task The_root_says_who_is_calling()
    {
        using var nobody = sandbox.As(null);
        using var somebody = sandbox.As(await sandbox.KeyFor("report.read", "adjustment.read"));

        var unnamed = (await sandbox.Send(HttpMethod.Get, "/", null, HttpStatusCode.OK, nobody)).Of("data");
        var named = (await sandbox.Send(HttpMethod.Get, "/", null, HttpStatusCode.OK, somebody)).Of("data");

        Assert.Equal("sandbox", (string)unnamed["api"]!["environment"]!);
        Assert.Null(unnamed["caller"]!["account"]);
        Assert.Null(unnamed["caller"]!["auth_type"]);
        Assert.NotNull(named["caller"]!["account"]);
        Assert.Equal("""{"auth_type":"api_key","permissions":["adjustment.read","report.read"]}""", Without(named.Of("caller"), "account").ToJsonString());
    }

    [Fact]
    public async Task Keys_end_when_they_are_revoked_or_expire_and_count_in_their_environment_only()
    {
        var wanted = new JsonObject { ["permissions"] = new JsonArray("product.read"), ["expiresAt"] = "2026-11-02T00:00:00Z" };
        var expiring = await sandbox.Do("POST", "/keys", wanted, HttpStatusCode.Created);
        var revoked = await sandbox.Do("POST", "/keys", new JsonObject(), HttpStatusCode.Created);
        await using var live = await Running.With("--transactions", "0", "--live");
        using var late = sandbox.As((string)expiring["key"]!);
        using var gone = sandbox.As((string)revoked["key"]!);
        using var other = sandbox.As(live.Sandbox.Key);

        await sandbox.Send(HttpMethod.Get, "/products", null, HttpStatusCode.OK, late);
        await sandbox.Send(HttpMethod.Get, "/products", null, HttpStatusCode.OK, gone);
        await sandbox.Do("POST", "/clock", new JsonObject { ["now"] = "2026-11-02T00:00:00Z" });
        await sandbox.Do("POST", $"/keys/{revoked["id"]}/revoke");

        foreach (var caller in new[] { late, gone, other })
        {
            foreach (var path in new[] { "/products", "/event-types", "/" })
            {
                var refused = await sandbox.Send(HttpMethod.Get, path, null, HttpStatusCode.Forbidden, caller);
                Assert.Equal("invalid_token", (string)refused["error"]!["code"]!);
            }
        }
        Assert.Matches(@"^pdl_live_apikey_[a-z\d]{26}_[a-zA-Z\d]{22}_[a-zA-Z\d]{3}$", live.Sandbox.Key);
        Assert.Matches(@"^pdl_sdbx_apikey_[a-z\d]{26}_[a-zA-Z\d]{22}_[a-zA-Z\d]{3}$", (string)expiring["key"]!);
    }

    private IEnumerable<(RouteEndpoint Endpoint, string Method, Needs Needs)> Endpoints() =>
        from endpoint in sandbox.Sandbox.Endpoints
        from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
        select (endpoint, method, endpoint.Metadata.GetMetadata<Needs>() ?? new Needs(null));

    private static bool Grants(string permission, string needed) =>
        permission == needed || (needed.EndsWith(".read", StringComparison.Ordinal) && permission == needed[..^5] + ".write");

    private static JsonObject Without(JsonObject from, string field)
    {
        from.Remove(field);
        return from;
    }

    private async Task<(HttpStatusCode Status, string? Code)> Call(RouteEndpoint endpoint, string method, string? key)
    {
        var path = string.Join('/', endpoint.RoutePattern.PathSegments.Select(segment =>
            segment.Parts[0] is Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal ? literal.Content : "txn_00000000000000000000000000"));
        using var caller = sandbox.As(key);
        using var request = new HttpRequestMessage(HttpMethod.Parse(method), "/" + path);
        if (method is "POST" or "PATCH") request.Content = new StringContent("{}", System.Text.Encoding.UTF8, "application/json");
        using var response = await caller.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, text.StartsWith('{') ? (string?)JsonNode.Parse(text)!["error"]?["code"] : null);
    }
}
