using System.Net;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;
using Allocora.Testing;

namespace Allocora.PaddleSandbox;

public sealed class The_rate_limit
{
    [Fact]
    public void As_many_calls_as_are_allowed_in_any_minute_and_not_one_more()
    {
        var time = new ManualTime();
        var window = new RateWindow(240, time);
        for (var call = 0; call < 240; call++)
        {
            Assert.Null(window.Refuses());
            time.Advance(TimeSpan.FromMilliseconds(100));
        }

        Assert.Equal(36, window.Refuses());
        time.Advance(TimeSpan.FromSeconds(35.95));
        Assert.Equal(1, window.Refuses());
        time.Advance(TimeSpan.FromSeconds(0.05));
        Assert.Null(window.Refuses());
        Assert.Equal(1, window.Refuses());
        time.Advance(TimeSpan.FromSeconds(1));
        for (var call = 0; call < 10; call++) Assert.Null(window.Refuses());
        Assert.Equal(1, window.Refuses());
    }

    [Fact]
    public void Each_address_has_its_own_and_previews_have_another()
    {
        var limit = new RateLimit(isEnabled: true, new ManualTime());
        var (here, there) = (IPAddress.Loopback, IPAddress.Parse("192.0.2.1"));
        for (var call = 0; call < 240; call++) Assert.Null(limit.Refuses(here, isPreview: false));

        Assert.Equal(60, limit.Refuses(here, isPreview: false));
        Assert.Null(limit.Refuses(there, isPreview: false));
        for (var call = 0; call < 1_000; call++) Assert.Null(limit.Refuses(here, isPreview: true));
        Assert.Equal(60, limit.Refuses(here, isPreview: true));
    }

    [Fact]
    public void Who_was_told_to_wait_has_to_until_then()
    {
        var time = new ManualTime();
        var limit = new RateLimit(isEnabled: true, time);
        limit.Told(IPAddress.Loopback, 7);

        time.Advance(TimeSpan.FromSeconds(6.9));
        Assert.True(limit.HasToWait(IPAddress.Loopback));
        Assert.False(limit.HasToWait(IPAddress.None));
        time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.False(limit.HasToWait(IPAddress.Loopback));
    }

    [Fact]
    public async Task The_241st_call_is_refused_and_what_is_called_meanwhile_is_counted()
    {
        await using var sandbox = await Running.With("--transactions", "0");
        await sandbox.Do("PUT", "/rate-limit", new JsonObject { ["enabled"] = true });
        for (var call = 0; call < 240; call++) await sandbox.Get("/event-types");

        using var refused = await sandbox.Http.GetAsync("/event-types");
        await sandbox.Send(HttpMethod.Get, "/products", null, HttpStatusCode.TooManyRequests);

        Assert.Equal(429, (int)refused.StatusCode);
        Assert.InRange(int.Parse(refused.Headers.GetValues("Retry-After").Single()), 1, 60);
        var error = JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["error"]!;
        Assert.Equal(("too_many_requests", "api_error"), ((string)error["code"]!, (string)error["type"]!));
        var counters = await sandbox.Do("GET", "/counters");
        Assert.Equal((242, 1, 2), ((int)counters["calls"]!, (int)counters["insideRetryAfter"]!, (int)counters["overLimit"]!));
        Assert.Equal((241, 1), ((int)counters["routes"]!["GET /event-types"]!, (int)counters["routes"]!["GET /products"]!));
        Assert.Equal((240, 2), ((int)counters["statuses"]!["200"]!, (int)counters["statuses"]!["429"]!));
        Assert.Equal(240, (int)counters["keys"]!.AsObject().Single().Value!);
        await sandbox.Do("PUT", "/rate-limit", new JsonObject { ["enabled"] = false });
        await sandbox.Get("/event-types");
        Assert.Equal(0, (int)(await sandbox.Do("DELETE", "/counters"))["overLimit"]!);
    }
}
