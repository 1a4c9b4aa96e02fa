using System.Text;
using System.Text.RegularExpressions;

namespace Allocora.Console.Tests.Gateway;

/// <summary>However a caller writes to the gateway, a service sees what was authorised, once and as a whole.</summary>
public sealed class Smuggling_requests(SharedGateway shared) : IAsyncLifetime, IClassFixture<SharedGateway>
{
    private const string Echo = $"{RunningGateway.One}/facts/echo", Mara = "Host: a\r\nAuthorization: Bearer mara\r\n";
    private const string Inner = "GET /api/v1/workspaces/ws_two/facts/secret HTTP/1.1\r\nHost: a\r\n\r\n";
    private readonly RunningGateway gateway = shared.Gateway;

    public Task InitializeAsync() => gateway.Forget();

    public Task DisposeAsync() => Task.CompletedTask;

    [Theory]
    [InlineData("Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!")]
    [InlineData("Content-Length: 5, 6\r\n\r\nhello!")]
    [InlineData("Content-Length: -1\r\n\r\nhello")]
    [InlineData("Content-Length: 0x5\r\n\r\nhello")]
    [InlineData("Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("Transfer-Encoding: gzip\r\n\r\nhello")]
    [InlineData("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")]
    [InlineData("X-Folded: a\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData(" Content-Length: 5\r\n\r\nhello")]
    [InlineData("Content-Length\r\n\r\n")]
    [InlineData("X-Null: a\0b\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n-1\r\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX0\r\n\r\n")]
    [InlineData("Host: b\r\nContent-Length: 5\r\n\r\nhello")]
    public async Task What_can_be_read_two_ways_is_refused(string rest)
    {
        var answer = await gateway.Raw($"POST {Echo} HTTP/1.1\r\n{Mara}{rest}{Inner}");

        Assert.Matches("^HTTP/1.1 (400|411|413|501)", answer);
        Assert.Single(Regex.Matches(answer, "HTTP/1.1 "));
        Assert.DoesNotContain(gateway.Ledger.Arrivals, a => a.Target.Contains("secret", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5\r\nhello\r\n0\r\n\r\n")]
    public async Task A_length_beside_chunks_does_not_count(string rest)
    {
        var answer = await gateway.Raw($"POST {Echo} HTTP/1.1\r\n{Mara}{rest}{Inner}");

        Assert.DoesNotContain(gateway.Ledger.Arrivals, a => a.Target.Contains("secret", StringComparison.Ordinal));
        foreach (var arrived in gateway.Ledger.Arrivals)
            Assert.Equal(("chunked", null, null), (arrived["Transfer-Encoding"], arrived["Content-Length"], arrived["X-Content-Length"]));
        Assert.InRange(gateway.Ledger.Arrivals.Count, 0, 1);
        Assert.True(gateway.Ledger.Arrivals.IsEmpty || answer.Contains("\"body\":\"hello\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_length_is_told_anew()
    {
        var answer = await gateway.Raw($"POST {Echo} HTTP/1.1\r\n{Mara}Content-Length: +5\r\n\r\nhello{Inner}");

        Assert.Equal(["200", "401"], Regex.Matches(answer, "HTTP/1.1 (...)").Select(m => m.Groups[1].Value));
        Assert.Equal("5", Assert.Single(gateway.Ledger.Arrivals)["Content-Length"]);
    }

    [Fact]
    public async Task Chunks_lose_their_extensions_and_trailers()
    {
        var answer = await gateway.Raw(
            $"POST {Echo} HTTP/1.1\r\n{Mara}Transfer-Encoding: chunked\r\n\r\n5;ext=\"a\"\r\nhello\r\n"
            + "0\r\nAuthorization: Bearer otto\r\nX-Trailer: t\r\n\r\n");

        Assert.Contains("\"body\":\"hello\"", answer, StringComparison.Ordinal);
        Assert.Contains("\"subject\":\"usr_mara\"", answer, StringComparison.Ordinal);
        Assert.Null(Assert.Single(gateway.Ledger.Arrivals)["X-Trailer"]);
    }

    [Fact]
    public async Task Requests_in_one_packet_are_judged_one_by_one()
    {
        static string Ask(string who, string path) => $"GET {path} HTTP/1.1\r\nHost: a\r\n{(who == "" ? "" : $"Authorization: Bearer {who}\r\n")}\r\n";
        var answer = await gateway.Raw(
            Ask("mara", Echo) + Ask("", Echo) + Ask("otto", Echo) + Ask("mara", RunningGateway.Two + "/facts") + Ask("mara", Echo + "/last"));

        Assert.Equal(["200", "401", "404", "404", "200"], Regex.Matches(answer, "HTTP/1.1 (...)").Select(m => m.Groups[1].Value));
        Assert.Equal([Echo, Echo + "/last"], gateway.Ledger.Arrivals.Select(a => a.Target));
    }

    [Fact]
    public async Task Lines_without_a_carriage_return_bring_no_second_request()
    {
        var answer = await gateway.Raw($"GET {Echo} HTTP/1.1\nHost: a\nAuthorization: Bearer mara\n\n{Inner}");

        Assert.DoesNotContain(gateway.Ledger.Arrivals, a => a.Target.Contains("secret", StringComparison.Ordinal));
        Assert.DoesNotContain("secret\",\"headers", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_header_named_in_Connection_stays_here()
    {
        await gateway.Raw($"GET {Echo} HTTP/1.1\r\n{Mara}Connection: X-Secret, If-Match\r\n"
            + "X-Secret: s\r\nIf-Match: \"a\"\r\nKeep-Alive: 5\r\nTE: trailers\r\n\r\n");
        var arrived = Assert.Single(gateway.Ledger.Arrivals);

        Assert.All(["X-Secret", "If-Match", "Keep-Alive", "TE", "Connection"], name => Assert.Null(arrived[name]));
    }

    [Fact]
    public async Task Nobody_changes_the_protocol()
    {
        var answer = await gateway.Raw($"GET {Echo} HTTP/1.1\r\n{Mara}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Empty(gateway.Ledger.Arrivals);
    }

    [Theory]
    [InlineData("CONNECT a:80 HTTP/1.1\r\n")]
    [InlineData("GET http://elsewhere.example/api/v1/workspaces/ws_one/facts HTTP/1.1\r\n")]
    [InlineData("GET api/v1/workspaces/ws_one/facts HTTP/1.1\r\n")]
    [InlineData("GET /api/v1/workspaces/ws_one/facts HTTP/9.9\r\n")]
    public async Task Another_form_of_asking_reaches_nothing(string line)
    {
        var answer = await gateway.Raw($"{line}{Mara}\r\n");

        Assert.Matches("^HTTP/1.1 (400|404|405|501|505)", answer);
        Assert.Empty(gateway.Ledger.Arrivals);
    }

    [Fact]
    public async Task The_address_a_caller_names_is_not_where_we_go()
    {
        var answer = await gateway.Raw($"GET http://elsewhere.example{Echo} HTTP/1.1\r\nHost: elsewhere.example\r\nAuthorization: Bearer mara\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        var arrived = Assert.Single(gateway.Ledger.Arrivals);
        Assert.Equal((Echo, new Uri(gateway.Ledger.Address).Authority), (arrived.Target, arrived["Host"]));
    }

    [Theory]
    [InlineData("/../../../../open")]
    [InlineData("/%2e%2e/%2e%2e/%2e%2e/%2e%2e/open")]
    [InlineData("/%2e%2e%2f%2e%2e%2f%2e%2e%2fopen")]
    [InlineData("/..%2fopen")]
    [InlineData("/%252e%252e/open")]
    [InlineData("/..%5c..%5copen")]
    [InlineData("/..\\..\\open")]
    [InlineData("//open")]
    [InlineData("/a//b")]
    [InlineData("/..;/open")]
    [InlineData("/a;b=c")]
    [InlineData("/.%00./open")]
    [InlineData("/a%0d%0ab")]
    [InlineData("/a/")]
    [InlineData("/a%2f..%2fb")]
    public async Task No_path_leads_out_of_what_was_allowed(string path)
    {
        var answer = await gateway.Raw($"GET {RunningGateway.One}/facts{path} HTTP/1.1\r\n{Mara}Connection: close\r\n\r\n");

        Assert.Matches("^HTTP/1.1 (400|404)", answer);
        Assert.Empty(gateway.Ledger.Arrivals);
    }

    [Fact]
    public async Task The_spelling_of_a_route_is_ours()
    {
        await gateway.Raw($"GET /API/v1/WorkSpaces/first/FACTS/Echo HTTP/1.1\r\n{Mara}Connection: close\r\n\r\n");

        Assert.Equal("/api/v1/workspaces/ws_one/facts/Echo", Assert.Single(gateway.Ledger.Arrivals).Target);
    }

    [Fact]
    public async Task Headers_have_an_end()
    {
        var large = await gateway.Raw($"GET {Echo} HTTP/1.1\r\n{Mara}X-Large: {new string('x', 40_000)}\r\n\r\n");
        var many = await gateway.Raw($"GET {Echo} HTTP/1.1\r\n{Mara}{string.Concat(Enumerable.Range(0, 101).Select(i => $"X-{i}: 1\r\n"))}\r\n");
        var longest = await gateway.Raw($"GET {Echo}?{new string('q', 9_000)} HTTP/1.1\r\n{Mara}\r\n");

        Assert.Equal(["HTTP/1.1 431", "HTTP/1.1 431", "HTTP/1.1 414"], new[] { large, many, longest }.Select(a => a[..12]));
        Assert.Empty(gateway.Ledger.Arrivals);
    }

    [Fact]
    public async Task Who_is_slow_with_headers_or_body_is_not_waited_for()
    {
        var headers = gateway.Raw($"GET {Echo} HTTP/1.1\r\nHost: a\r\n", TimeSpan.FromSeconds(30));
        var body = gateway.Raw($"POST {Echo} HTTP/1.1\r\n{Mara}Content-Length: 500000\r\n\r\nhell", TimeSpan.FromSeconds(30));

        Assert.StartsWith("HTTP/1.1 408", await headers, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 408", await body, StringComparison.Ordinal);
        Assert.DoesNotContain(gateway.Logged, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_waits_to_be_asked_for_the_body_is_asked()
    {
        using var client = await gateway.Connect();
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST {Echo} HTTP/1.1\r\n{Mara}Content-Length: 5\r\nExpect: 100-continue\r\n"
            + "Connection: close\r\n\r\n"));
        var asked = new byte["HTTP/1.1 100 Continue\r\n\r\n".Length];
        await stream.ReadExactlyAsync(asked);
        await stream.WriteAsync("hello"u8.ToArray());

        Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", Encoding.ASCII.GetString(asked));
        Assert.Contains("\"body\":\"hello\"", await RunningGateway.Rest(stream, TimeSpan.FromSeconds(10)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_header_that_cannot_be_sent_on_is_the_callers_fault()
    {
        var answer = await gateway.Raw($"GET {Echo} HTTP/1.1\r\n{Mara}Accept: \xc3\xa4\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
    }
}
