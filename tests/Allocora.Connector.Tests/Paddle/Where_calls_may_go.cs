using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Allocora.Connector.Tests;

public sealed class Where_calls_may_go : IAsyncLifetime
{
    // Each is a way to write an address that is not on the internet; PORT is one where somebody listens.
    private static readonly string[] Forms =
    [
        .. new[]
        {
            "127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "127.000.000.001", "2130706433", "0x7f000001", "0x7f.0.0.1", "0x7f.1", "0X7F.0x0.0x0.0x1",
            "017700000001", "0177.0.0.1", "0177.1", "0", "0x0", "00", "0.0.0.0", "0.0.0.1", "localhost", "LOCALHOST", "localhost.", "169.254.169.254",
            "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "10.0.0.1", "10.255.255.255", "167772161", "012.1", "172.16.0.1",
            "172.31.255.255", "192.168.0.1", "192.168.65535", "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.19.255.255",
            "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::ffff:169.254.169.254]", "[::ffff:0:127.0.0.1]", "[64:ff9b::7f00:1]",
            "[64:ff9b::169.254.169.254]", "[64:ff9b:1::7f00:1]", "[fc00::1]", "[fd00:ec2::254]", "[fe80::1]", "[fec0::1]", "[ff02::1]", "[2002:7f00:1::]",
            "[2001:0:7f00:1::]", "[2001:db8::1]", "[100::1]", "[5f00::1]", "[3fff::1]", "１２７.０.０.１", "127。0。0。1",
        }.SelectMany(host => new[] { $"https://{host}:PORT/report.csv", $"http://{host}:PORT/report.csv" }),
        "https://api.paddle.com@127.0.0.1:PORT/", "https://api.paddle.com:443@127.0.0.1:PORT/", "https://a:b@localhost:PORT/", "//127.0.0.1:PORT/",
        "https:127.0.0.1:PORT/", "https:\\\\127.0.0.1:PORT\\", "127.0.0.1:PORT", "ftp://127.0.0.1:PORT/", "ws://127.0.0.1:PORT/", "file:///etc/passwd",
        "data:text/csv,a", "gopher://127.0.0.1:PORT/", "/etc/passwd", "", " ", "https://", "https://[::1", "javascript:1",
    ];

    private readonly Sink sink = new();
    private ConnectorDatabase database = null!;

    public async Task InitializeAsync() => database = await ConnectorDatabase.Create();

    public async Task DisposeAsync()
    {
        await sink.DisposeAsync();
        await database.DisposeAsync();
    }

    [Theory]
    [InlineData("8.8.8.8")]
    [InlineData("1.0.0.1")]
    [InlineData("100.63.255.255")]
    [InlineData("100.128.0.0")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.0")]
    [InlineData("169.253.255.255")]
    [InlineData("198.17.255.255")]
    [InlineData("198.20.0.0")]
    [InlineData("223.255.255.255")]
    [InlineData("2606:4700::6810:1")]
    [InlineData("2a00:1450:4001::200e")]
    [InlineData("64:ff9b::8.8.8.8")]
    public void The_internet_is_public(string address) => Assert.True(EgressGuard.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("::ffff:8.8.8.8")]
    [InlineData("64:ff9b::10.0.0.1")]
    [InlineData("2002:808:808::1")]
    [InlineData("fe80::1%1")]
    [InlineData("4000::1")]
    public void Everything_else_is_not(string address) => Assert.False(EgressGuard.IsPublic(IPAddress.Parse(address)));

    [Fact]
    public async Task No_way_to_write_an_address_leads_inwards()
    {
        using var caller = new PaddleCaller(database, new PaddleOptions());
        Assert.True(Forms.Length >= 60);

        foreach (var form in Forms) await Refused(caller, Here(form), form);

        Assert.Equal(0, sink.Connections);
    }

    [Fact]
    public async Task No_redirect_leads_inwards()
    {
        await using var server = await Server.Start(http =>
        {
            var form = Here(Forms[int.Parse(http.Request.Path.Value![1..], System.Globalization.CultureInfo.InvariantCulture)]);
            (http.Response.StatusCode, http.Response.Headers.Location) = (302, form);
            return Task.CompletedTask;
        });
        using var caller = new PaddleCaller(database, PaddleCaller.To(server.Url));
        var inward = Enumerable.Range(0, Forms.Length).Where(at => Forms[at].Contains("//", StringComparison.Ordinal) && Ascii.IsValid(Forms[at])).ToList();
        Assert.True(inward.Count >= 60);

        foreach (var at in inward) await Refused(caller, $"{server.Url}/{at}", Forms[at]);

        Assert.Equal((0, inward.Count), (sink.Connections, server.Seen.Count));
    }

    [Fact]
    public async Task Paddles_name_leading_inwards_is_not_called_either()
    {
        // Whose port is another than the one configured is nobody's.
        using var caller = new PaddleCaller(database, PaddleCaller.To($"http://127.0.0.1:{sink.Port}"));
        using var secret = Secret.Of(PaddleCaller.Key);
        await Assert.ThrowsAsync<PaddleUnavailableException>(() => caller.Client.Get(
            new("ws_a", "sandbox", secret), Urgency.Bulk, "/", new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token));
        Assert.Equal(1, sink.Connections);

        await Refused(caller, $"http://localhost:{sink.Port}/", "another name of it");
        await using var other = new Sink();
        await Refused(caller, $"http://127.0.0.1:{other.Port}/", "another port");
        await Refused(caller, $"https://127.0.0.1:{other.Port}/", "another port by https");

        Assert.Equal((1, 0), (sink.Connections, other.Connections));
    }

    [Fact]
    public async Task A_file_is_fetched_without_the_key_and_over_three_redirects()
    {
        await using var server = await Server.Start(http =>
        {
            var left = http.Request.Path.Value![1..].Length;
            if (left == 0) return http.Response.WriteAsync("a,b");
            (http.Response.StatusCode, http.Response.Headers.Location) = (307, "/" + new string('x', left - 1));
            return Task.CompletedTask;
        });
        using var caller = new PaddleCaller(database, PaddleCaller.To(server.Url));
        await using var file = new MemoryStream();

        await caller.Client.Download($"{server.Url}/xxx", file, 3, CancellationToken.None);
        Assert.Equal("a,b", Encoding.UTF8.GetString(file.ToArray()));
        Assert.Equal(4, server.Seen.Count);
        Assert.All(server.Seen, one => Assert.False(one.ContainsKey("authorization")));

        await Refused(caller, $"{server.Url}/xxxx", "four redirects");
        var nonsense = await Assert.ThrowsAsync<PaddleNonsenseException>(() => caller.Client.Download($"{server.Url}/", file, 2, CancellationToken.None));
        Assert.Equal("provider-too-large", nonsense.Code);
    }

    [Theory]
    [InlineData(403)]
    [InlineData(404)]
    public async Task A_file_that_is_no_longer_there_is_refused(int status)
    {
        await using var server = await Server.Start(http =>
        {
            http.Response.StatusCode = status;
            return Task.CompletedTask;
        });
        using var caller = new PaddleCaller(database, PaddleCaller.To(server.Url));

        var refused = await Assert.ThrowsAsync<PaddleRefusedException>(
            () => caller.Client.Download($"{server.Url}/a.csv?signature=abc", Stream.Null, 100, CancellationToken.None));

        Assert.Equal(status, refused.Status);
        Assert.DoesNotContain("abc", $"{refused}", StringComparison.Ordinal);
    }

    private string Here(string form) => form.Replace("PORT", $"{sink.Port}", StringComparison.Ordinal);

    private static async Task Refused(PaddleCaller caller, string url, string form)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var thrown = await Record.ExceptionAsync(() => caller.Client.Download(url, Stream.Null, 1_000, patience.Token));
        var isRefused = thrown is PaddleNonsenseException { Code: "provider-invalid" } || IsUnknown(thrown);
        Assert.True(isRefused, $"{form} was answered with {thrown}");
    }

    // A way to write it that this machine takes for the name of nobody leads nowhere.
    private static bool IsUnknown(Exception? e) =>
        e is SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData }
        || (e is not null && IsUnknown(e.InnerException));
}
