using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Allocora.Console.Tests.Gateway;

public sealed class Forwarding_requests(SharedGateway shared) : IAsyncLifetime, IClassFixture<SharedGateway>
{
    private readonly RunningGateway gateway = shared.Gateway;

    public Task InitializeAsync() => gateway.Forget();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_service_gets_method_path_query_and_body_and_who_it_is()
    {
        var answer = await gateway.Send(
            HttpMethod.Put, "/api/v1/workspaces/first/facts/a%20b/%C3%A4?from=1&to=%2F%23", body: JsonContent.Create(new { a = 1 }));
        var echo = (await answer.Content.ReadFromJsonAsync<Echo>())!;

        Assert.Equal((HttpStatusCode.OK, "application/json"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        Assert.Equal(("PUT", "/api/v1/workspaces/ws_one/facts/a%20b/%C3%A4?from=1&to=%2F%23", """{"a":1}"""), (echo.Method, echo.Target, echo.Body));
        Assert.Equal(("usr_mara", "key:key_mara", "ws_one"), (echo.Subject, echo.Via, echo.Workspace));
    }

    [Fact]
    public async Task Only_known_headers_go_in()
    {
        string[] known = ["Accept", "Accept-Language", "Idempotency-Key", "If-Match", "If-None-Match", "If-Modified-Since", "Last-Event-ID", "Range"];
        string[] others =
        [
            "Cookie", "X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "User-Agent", "Proxy-Authorization", "TE", "X-HTTP-Method-Override",
            "baggage", "tracestate",
        ];
        var answer = await gateway.Send(HttpMethod.Get, $"{RunningGateway.One}/facts/echo", headers:
            [.. known.Concat(others).Select(name => (name, "v-" + name)), ("traceparent", "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01")]);
        var arrived = (await answer.Content.ReadFromJsonAsync<Echo>())!.Headers;

        Assert.Equal(known.Concat(["Authorization", "Host", "traceparent"]).Order(StringComparer.Ordinal), arrived.Keys.Order(StringComparer.Ordinal));
        Assert.DoesNotContain("mara", arrived["Authorization"], StringComparison.Ordinal);
        Assert.Equal(new Uri(gateway.Ledger.Address).Authority, arrived["Host"]);
        Assert.StartsWith("00-0123456789abcdef0123456789abcdef-", arrived["traceparent"], StringComparison.Ordinal);
        Assert.DoesNotContain("-0123456789abcdef-", arrived["traceparent"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_known_headers_come_out_and_addresses_are_ours()
    {
        var answer = await gateway.Get($"{RunningGateway.One}/facts/headers");
        var names = answer.Headers.Concat(answer.Content.Headers).Select(h => h.Key).ToList();

        Assert.Equal("\"v1\"", answer.Headers.ETag?.Tag);
        Assert.Equal("/api/v1/workspaces/ws_one/facts/1", answer.Headers.Location?.OriginalString);
        Assert.Equal("</next>; rel=\"next\"", Assert.Single(answer.Headers.GetValues("Link")));
        Assert.All(["Set-Cookie", "X-Internal", "Server", "Last-Modified"], name => Assert.DoesNotContain(name, names));
    }

    [Fact]
    public async Task Who_is_not_signed_in_reaches_nothing()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, (await gateway.Send(HttpMethod.Get, $"{RunningGateway.One}/facts", who: null)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await gateway.Send(HttpMethod.Get, $"{RunningGateway.One}/facts", who: "nobody")).StatusCode);
        Assert.Empty(gateway.Ledger.Arrivals);
    }

    [Theory]
    [InlineData("/api/v1/workspaces/ws_two/facts")] // not a member
    [InlineData("/api/v1/workspaces/ws_none/facts")]
    [InlineData("/api/v1/workspaces/ws_one/nonsense")]
    [InlineData("/api/v1/workspaces/ws_one/healthz/ready")]
    [InlineData("/healthz/../api/v1/facts")]
    [InlineData("/api/v1/open")]
    [InlineData("/open")]
    public async Task What_is_not_there_and_what_may_not_be_known_look_the_same(string path)
    {
        var answer = await gateway.Get(path);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal((HttpStatusCode.NotFound, "not-found"), (answer.StatusCode, problem.GetProperty("code").GetString()));
        Assert.Empty(gateway.Ledger.Arrivals.Concat(gateway.Connector.Arrivals));
    }

    [Fact]
    public async Task A_member_who_may_nothing_there_hears_it_from_the_service()
    {
        var answer = await gateway.Get($"{RunningGateway.One}/facts", who: "jonas");

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Contains("workspace.read", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Single(gateway.Ledger.Arrivals);
    }

    [Fact]
    public async Task Each_service_gets_what_is_its_own()
    {
        await gateway.Get($"{RunningGateway.One}/sources/src_1/sync-runs");
        await gateway.Get($"{RunningGateway.One}/ledger/head");

        Assert.Equal("/api/v1/workspaces/ws_one/sources/src_1/sync-runs", Assert.Single(gateway.Connector.Arrivals).Target);
        Assert.Equal("/api/v1/workspaces/ws_one/ledger/head", Assert.Single(gateway.Ledger.Arrivals).Target);
    }

    [Theory]
    [InlineData("payees/pye_1", "calculation")]
    [InlineData("payees/pye_1/destination", "statements")]
    [InlineData("payees/pye_1/account", "statements")]
    public async Task What_a_payee_is_paid_to_is_not_where_the_payee_is(string path, string service) // neither of the two runs
    {
        var answer = await gateway.Get($"{RunningGateway.One}/{path}");

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Contains($"The service {service} cannot be reached.", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(204)]
    [InlineData(304)]
    [InlineData(404)]
    [InlineData(409)]
    [InlineData(500)]
    public async Task A_status_goes_through(int status) =>
        Assert.Equal(status, (int)(await gateway.Get($"{RunningGateway.One}/facts/status?code={status}")).StatusCode);

    [Fact]
    public async Task A_way_to_elsewhere_is_not_shown()
    {
        var answer = await gateway.Get($"{RunningGateway.One}/facts/status?code=302");

        Assert.Equal((HttpStatusCode.Found, null), (answer.StatusCode, answer.Headers.Location));
    }

    [Fact]
    public async Task The_headers_alone_are_the_headers_of_the_whole()
    {
        var answer = await gateway.Send(HttpMethod.Head, $"{RunningGateway.One}/facts/headers");

        Assert.Equal((HttpStatusCode.OK, "\"v1\"", ""), (answer.StatusCode, answer.Headers.ETag?.Tag, await answer.Content.ReadAsStringAsync()));
    }

    [Theory]
    [InlineData("application/json", 1024 * 1024 + 1, "facts/count", 413)]
    [InlineData("text/csv", 1024 * 1024 + 1, "facts/count", 413)]
    [InlineData("text/csv", 3 * 1024 * 1024, "facts/count/imports", 200)]
    [InlineData("application/json", 2 * 1024 * 1024, "reconciliations", 413)]
    [InlineData("text/csv", 2 * 1024 * 1024, "reconciliations", 200)]
    public async Task Only_files_may_be_large(string type, int length, string path, int status)
    {
        using var body = new ByteArrayContent(new byte[length]) { Headers = { ContentType = new(type) } };
        var answer = await gateway.Send(HttpMethod.Post, $"{RunningGateway.One}/{path}", body: body);

        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Files_have_an_end_too()
    {
        var answer = await gateway.Raw($"POST {RunningGateway.One}/reconciliations HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer mara\r\n"
            + "Content-Type: text/csv\r\nContent-Length: 52428801\r\n\r\na");

        Assert.StartsWith("HTTP/1.1 413", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_comes_whole_with_and_without_a_length()
    {
        var bytes = Enumerable.Range(0, 900_000).Select(i => (byte)('a' + i % 23)).ToArray();
        using var known = new ByteArrayContent(bytes);
        using var unknown = new StreamContent(new Unsized(bytes));
        var answers = await Task.WhenAll(
            gateway.Send(HttpMethod.Post, $"{RunningGateway.One}/facts/echo", body: known),
            gateway.Send(HttpMethod.Post, $"{RunningGateway.One}/facts/echo", body: unknown));
        var echoes = await Task.WhenAll(answers.Select(a => a.Content.ReadFromJsonAsync<Echo>()));

        Assert.All(echoes, echo => Assert.True(echo!.Body == Encoding.Latin1.GetString(bytes)));
        Assert.Equal((true, true), (echoes[0]!.Headers.ContainsKey("Content-Length"), echoes[1]!.Headers.ContainsKey("Transfer-Encoding")));
    }

    [Fact]
    public async Task What_Paddle_sends_goes_to_the_connector_byte_for_byte()
    {
        var bytes = Encoding.Latin1.GetBytes("{ \"a\" : 1,\r\n \"a\":\t2 } \0\xff");
        using var body = new ByteArrayContent(bytes) { Headers = { ContentType = new("application/json") } };
        var answer = await gateway.Send(HttpMethod.Post, "/api/v1/webhooks/paddle/src_1?x=1", who: null, body,
            ("Paddle-Signature", "ts=1;h1=ab"), ("Idempotency-Key", "k"), ("X-Other", "o"));
        var echo = (await answer.Content.ReadFromJsonAsync<Echo>())!;

        Assert.Equal(("/api/v1/webhooks/paddle/src_1?x=1", Encoding.Latin1.GetString(bytes)), (echo.Target, echo.Body));
        Assert.Equal(("paddle-webhook", "webhook", null), (echo.Subject, echo.Via, echo.Workspace));
        Assert.Equal(["Authorization", "Content-Length", "Content-Type", "Host", "Paddle-Signature", "traceparent"],
            echo.Headers.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_is_of_no_workspace_goes_to_its_service_for_who_looks_after_the_installation()
    {
        var answer = await gateway.Send(HttpMethod.Post, "/api/v1/dead-letters/dlt_000000000001/replay?x=1", "vera");
        var echo = (await answer.Content.ReadFromJsonAsync<Echo>())!;

        Assert.Equal(("POST", "/api/v1/dead-letters/dlt_000000000001/replay?x=1"), (echo.Method, echo.Target));
        Assert.Equal(("usr_vera", null), (echo.Subject, echo.Workspace));
        Assert.Equal(HttpStatusCode.OK, (await gateway.Get("/api/v1/dead-letters?state=open", "vera")).StatusCode);

        gateway.Ledger.Forget();
        Assert.Equal(HttpStatusCode.Forbidden, (await gateway.Get("/api/v1/dead-letters")).StatusCode);
        Assert.Empty(gateway.Ledger.Arrivals);
    }

    [Fact]
    public async Task A_signature_that_is_not_right_is_its_senders_fault()
    {
        using var body = new StringContent("{}");
        var answer = await gateway.Send(HttpMethod.Post, "/api/v1/webhooks/paddle/src_1", who: null, body, ("Paddle-Signature", "bad"));

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.DoesNotContain(gateway.Logged, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_body_in_another_coding_is_refused()
    {
        using var body = new ByteArrayContent([1, 2, 3]) { Headers = { ContentEncoding = { "gzip" } } };

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await gateway.Send(HttpMethod.Post, $"{RunningGateway.One}/facts/echo", body: body)).StatusCode);
        Assert.Empty(gateway.Ledger.Arrivals);
    }

    [Theory]
    [InlineData("OPTIONS")]
    [InlineData("TRACE")]
    [InlineData("PROPFIND")]
    public async Task A_method_nobody_needs_is_refused(string method)
    {
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await gateway.Send(new(method), $"{RunningGateway.One}/facts/echo")).StatusCode);
        Assert.Empty(gateway.Ledger.Arrivals);
    }

    [Fact]
    public async Task A_large_answer_comes_whole_without_being_held()
    {
        var before = GC.GetTotalAllocatedBytes();
        var answer = await gateway.Get($"{RunningGateway.One}/facts/huge?bytes=50000000");
        await using var stream = await answer.Content.ReadAsStreamAsync();
        var (length, piece) = (0L, new byte[64 * 1024]);
        while (await stream.ReadAsync(piece) is > 0 and var read) length += read;

        Assert.Equal(50_000_000, length);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 50_000_000);
    }

    [Fact]
    public async Task A_trace_goes_on_in_the_service()
    {
        using var activity = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();
        await gateway.Get($"{RunningGateway.One}/facts/echo");

        Assert.Contains(activity.TraceId.ToHexString(), Assert.Single(gateway.Ledger.Arrivals)["traceparent"], StringComparison.Ordinal);
    }

    private sealed class Unsized(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
