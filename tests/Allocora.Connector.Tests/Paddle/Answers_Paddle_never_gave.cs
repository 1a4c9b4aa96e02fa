using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Compression;
using Microsoft.AspNetCore.Http;

namespace Allocora.Connector.Tests;

public sealed class Answers_Paddle_never_gave : IAsyncLifetime
{
    private const int Max = 1 << 20;

    private ConnectorDatabase database = null!;

    public async Task InitializeAsync() => database = await ConnectorDatabase.Create();

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(304)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task A_redirect_is_not_followed(int status)
    {
        await using var sink = new Sink();
        await using var server = await Server.Start(http =>
        {
            (http.Response.StatusCode, http.Response.Headers.Location) = (status, $"http://127.0.0.1:{sink.Port}/");
            return Task.CompletedTask;
        });

        var nonsense = await Nonsense(server);

        Assert.Equal(("provider-invalid", 0, 1), (nonsense.Code, sink.Connections, server.Seen.Count));
    }

    [Theory]
    [InlineData("5", 5)]
    [InlineData("0", 1)]
    [InlineData("-5", 60)]
    [InlineData("86400", 600)]
    [InlineData("99999999999999999999", 60)]
    [InlineData("soon", 60)]
    [InlineData(null, 60)]
    [InlineData("Thu, 01 Jan 2026 00:01:30 GMT", 90)]
    [InlineData("Thu, 01 Jan 2026 10:00:00 GMT", 600)]
    [InlineData("Wed, 31 Dec 2025 23:00:00 GMT", 1)]
    public async Task When_to_come_back_is_read_by_Paddles_clock_and_within_reason(string? retryAfter, int seconds)
    {
        await using var server = await Server.Start(http =>
        {
            http.Response.StatusCode = 429;
            http.Response.Headers.Date = "Thu, 01 Jan 2026 00:00:00 GMT";
            http.Response.Headers.RetryAfter = retryAfter;
            return Task.CompletedTask;
        });
        using var caller = new PaddleCaller(database, PaddleCaller.To(server.Url));

        var told = await Assert.ThrowsAsync<PaddleUnavailableException>(() => caller.Get("/transactions"));
        var permits = await caller.Budget.Take(1, CancellationToken.None);

        Assert.Equal(("rate-limited", TimeSpan.FromSeconds(seconds)), (told.Code, told.ComeBackIn));
        Assert.Equal(0, permits.Granted);
        Assert.InRange(permits.AgainIn.TotalSeconds, seconds - 5, seconds);
    }

    [Theory]
    [InlineData(Max, "", true)]
    [InlineData(Max, "gzip", true)]
    [InlineData(Max, "br", true)]
    [InlineData(Max, "chunked", true)]
    [InlineData(Max + 1, "", false)]
    [InlineData(Max + 1, "chunked", false)]
    [InlineData(Max + 1, "gzip", false)]
    [InlineData(Max + 1, "br", false)]
    public async Task An_answer_is_as_large_as_it_may_be_and_no_larger(int size, string encoding, bool isRead)
    {
        await using var server = await Server.Start(http => Send(http, size, encoding));
        using var caller = new PaddleCaller(database, PaddleCaller.To(server.Url, answerMax: Max));

        if (isRead) Assert.Equal(size, (await caller.Get("/transactions")).Body.Length);
        else Assert.Equal("provider-too-large", (await Nonsense(server, Max)).Code);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task A_bomb_costs_no_more_memory_than_an_answer_may_have(string encoding)
    {
        const int answerMax = 16 << 20;
        await using var bomb = new MemoryStream();
        await using (var packing = Packing(bomb, encoding))
        {
            var zeros = new byte[1 << 20];
            for (var megabyte = 0; megabyte < 512; megabyte++) await packing.WriteAsync(zeros);
        }
        var bytes = bomb.ToArray();
        await using var server = await Server.Start(http =>
        {
            (http.Response.ContentType, http.Response.Headers.ContentEncoding) = ("application/json", encoding);
            return http.Response.Body.WriteAsync(bytes).AsTask();
        });
        var before = GC.GetTotalAllocatedBytes(precise: true);

        var nonsense = await Nonsense(server, answerMax);

        Assert.Equal("provider-too-large", nonsense.Code);
        // The other tests of this program allocate as well; unpacked, it would be twice as much.
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 256 << 20);
    }

    [Fact]
    public async Task What_cannot_be_decompressed_is_nonsense()
    {
        await using var server = await Server.Start(http =>
        {
            (http.Response.ContentType, http.Response.Headers.ContentEncoding) = ("application/json", "gzip");
            return http.Response.WriteAsync("this is not gzip at all");
        });

        Assert.Equal("provider-invalid", (await Nonsense(server)).Code);
    }

    [Fact]
    public async Task A_head_without_end_is_too_large()
    {
        await using var server = await Server.Start(http =>
        {
            for (var one = 0; one < 40; one++) http.Response.Headers[$"X-{one}"] = new string('a', 1_000);
            return http.Response.WriteAsJsonAsync(new { data = 1 });
        });

        Assert.Equal("provider-too-large", (await Nonsense(server)).Code);
    }

    [Fact]
    public async Task Paddle_is_told_the_key_the_version_and_no_more_of_us()
    {
        await using var server = await Server.Start(http => http.Response.WriteAsJsonAsync(new { data = 1 }));
        using var caller = new PaddleCaller(database, PaddleCaller.To(server.Url));
        using var span = new Activity("sync").Start();
        span.AddBaggage("workspace", "ws_a");

        await caller.Get("/transactions");

        var sent = Assert.Single(server.Seen);
        Assert.Equal(("Bearer " + PaddleCaller.Key, "1", "Allocora/1"), (sent["authorization"], sent["paddle-version"], sent["user-agent"]));
        Assert.Equal(
            ["accept", "accept-encoding", "authorization", "host", "paddle-version", "user-agent"], sent.Keys.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(200)]
    [InlineData(403)]
    [InlineData(500)]
    [InlineData(0)]
    public async Task The_key_and_the_question_are_in_no_span_and_no_message(int status)
    {
        var told = new ConcurrentQueue<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name.StartsWith("System.Net", StringComparison.Ordinal),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                var events = span.Events.SelectMany(one => one.Tags).Concat(span.TagObjects).Select(tag => $"{tag.Key}={tag.Value}");
                told.Enqueue($"{span.DisplayName} {span.StatusDescription} {string.Join(' ', events)}");
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using var server = await Server.Start(http =>
        {
            if (status == 0) http.Abort();
            else http.Response.StatusCode = status;
            return status == 0 ? Task.CompletedTask : http.Response.WriteAsJsonAsync(new { echo = $"{http.Request.Headers.Authorization}" });
        });
        using var caller = new PaddleCaller(database, PaddleCaller.To(server.Url));

        var thrown = await Record.ExceptionAsync(() => caller.Get("/transactions?after=txn_secret"));

        Assert.Equal(status != 200, thrown is not null);
        var port = new Uri(server.Url).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        Assert.Contains(told, one => one.Contains($"server.port={port}", StringComparison.Ordinal) && one.Contains("url.full=", StringComparison.Ordinal));
        var all = string.Join('\n', told.Where(one => one.Contains($":{port}/", StringComparison.Ordinal))) + thrown;
        Assert.DoesNotContain(PaddleCaller.Key[20..], all, StringComparison.Ordinal);
        Assert.DoesNotContain("txn_secret", all, StringComparison.Ordinal);
    }

    private async Task<PaddleNonsenseException> Nonsense(Server server, int answerMax = 16 << 20)
    {
        using var caller = new PaddleCaller(database, PaddleCaller.To(server.Url, answerMax: answerMax));
        return await Assert.ThrowsAsync<PaddleNonsenseException>(() => caller.Get("/transactions"));
    }

    private static async Task Send(HttpContext http, int size, string encoding)
    {
        var bytes = new byte[size];
        http.Response.ContentType = "application/json; charset=utf-8";
        if (encoding is "gzip" or "br")
        {
            http.Response.Headers.ContentEncoding = encoding;
            await using var packed = new MemoryStream();
            await using (var packing = Packing(packed, encoding)) await packing.WriteAsync(bytes);
            bytes = packed.ToArray();
        }
        if (encoding == "") http.Response.ContentLength = bytes.Length;
        await http.Response.Body.WriteAsync(bytes);
    }

    private static Stream Packing(Stream to, string encoding) => encoding == "br"
        ? new BrotliStream(to, CompressionLevel.Fastest, leaveOpen: true)
        : new GZipStream(to, CompressionLevel.Fastest, leaveOpen: true);
}
