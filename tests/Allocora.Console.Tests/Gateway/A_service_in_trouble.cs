using System.Net;
using System.Net.Sockets;
using System.Text;
using Allocora.Testing;

namespace Allocora.Console.Tests.Gateway;

public sealed class A_service_in_trouble
{
    [Fact]
    public async Task One_that_is_not_there_is_said_to_be_away()
    {
        await using var gateway = await RunningGateway.Start();
        var answer = await gateway.Get($"{RunningGateway.One}/statements");

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Contains("\"upstream-unavailable\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_does_not_begin_to_answer_is_given_up()
    {
        await using var gateway = await RunningGateway.Start("--Gateway:Patience=00:00:00.3");
        var answer = await gateway.Get($"{RunningGateway.One}/facts/slow");

        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        await Eventually.Sees(() => gateway.Ledger.Aborts, aborts => aborts == 1);
    }

    [Fact]
    public async Task One_that_has_begun_may_take_its_time()
    {
        await using var gateway = await RunningGateway.Start("--Gateway:Patience=00:00:00.2");
        using var answer = await gateway.Get($"{RunningGateway.One}/facts/sse");
        await using var stream = await answer.Content.ReadAsStreamAsync();
        var waiting = stream.ReadAsync(new byte[100]).AsTask();
        await Task.WhenAny(waiting, Task.Delay(TimeSpan.FromSeconds(1)));
        gateway.Ledger.Go.Release();

        Assert.Equal("data: 1\n\n".Length, await waiting);
    }

    [Theory]
    [InlineData("dies")]
    [InlineData("dies?long")]
    public async Task An_answer_cut_short_never_looks_whole(string how)
    {
        await using var gateway = await RunningGateway.Start();
        for (var round = 0; round < 20; round++)
        {
            using var client = await gateway.Connect();
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                $"GET {RunningGateway.One}/facts/{how} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer mara\r\n\r\n"));
            var answer = await RunningGateway.Rest(client.GetStream(), TimeSpan.FromSeconds(20));

            Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
            Assert.False(answer.EndsWith("0\r\n\r\n", StringComparison.Ordinal));
            var said = answer.Split("Content-Length: ");
            Assert.True(said.Length == 1 || int.Parse(said[1].Split('\r')[0], provider: null) > answer.Length);
        }
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    [InlineData("DELETE")]
    public async Task What_it_did_not_answer_is_not_sent_again(string method)
    {
        await using var gateway = await RunningGateway.Start();
        for (var round = 0; round < 10; round++)
        {
            await gateway.Get($"{RunningGateway.One}/facts/echo"); // leaves a connection that is open
            gateway.Ledger.Arrivals.Clear();
            var answer = await gateway.Send(new(method), $"{RunningGateway.One}/facts/dies-early");

            Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
            Assert.Single(gateway.Ledger.Arrivals);
        }
    }

    [Fact]
    public async Task An_answer_that_ends_with_its_connection_is_not_believed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var gateway = await RunningGateway.Start($"--services:statements:http:0=http://{listener.LocalEndpoint}");
        var asking = gateway.Get($"{RunningGateway.One}/statements");
        while (!asking.IsCompleted)
        {
            using var service = await listener.AcceptTcpClientAsync();
            var line = new byte["GET /api".Length];
            await service.GetStream().ReadExactlyAsync(line);
            if (!line.AsSpan().SequenceEqual("GET /api"u8)) continue; // the status page asks too
            await service.GetStream().WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\n\r\nhalf of it"));
            break;
        }
        Assert.Equal(HttpStatusCode.BadGateway, (await asking).StatusCode);
    }

    [Fact]
    public async Task One_that_refuses_our_token_is_our_fault()
    {
        await using var gateway = await RunningGateway.Start();
        var answer = await gateway.Get($"{RunningGateway.One}/facts/status?code=401");

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Contains(gateway.Logged, line => line.StartsWith("Error: The service ledger refuses the gateway's token", StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_that_answers_before_it_has_everything_is_heard()
    {
        await using var gateway = await RunningGateway.Start();
        for (var round = 0; round < 20; round++)
        {
            using var body = new ByteArrayContent(new byte[1_000_000]);
            var answer = await gateway.Send(HttpMethod.Post, $"{RunningGateway.One}/facts/early", body: body);

            Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        }
        Assert.DoesNotContain(gateway.Logged, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_comes_when_all_places_are_taken_is_told_to_come_back()
    {
        await using var gateway = await RunningGateway.Start("--Gateway:ConcurrentMax=3");
        var waiting = Enumerable.Range(0, 3).Select(_ => gateway.Get($"{RunningGateway.One}/facts/slow")).ToList();
        await Eventually.Sees(() => gateway.Ledger.Arrivals.Count, count => count == 3);
        var answer = await gateway.Get($"{RunningGateway.One}/facts/echo");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(1)), (answer.StatusCode, answer.Headers.RetryAfter?.Delta));

        gateway.Ledger.Go.Release(3);
        Assert.All(await Task.WhenAll(waiting), answered => Assert.Equal(HttpStatusCode.OK, answered.StatusCode));
        Assert.Equal(HttpStatusCode.OK, (await gateway.Get($"{RunningGateway.One}/facts/echo")).StatusCode);
    }

    [Fact]
    public async Task A_caller_who_goes_away_is_gone_for_the_service_too()
    {
        await using var gateway = await RunningGateway.Start("--Gateway:ConcurrentMax=50");
        for (var round = 1; round <= 4; round++)
        {
            var (waiting, before) = (gateway.Ledger.Waits, gateway.Ledger.Aborts);
            using var leaving = new CancellationTokenSource();
            var asking = Enumerable.Range(0, 50).Select(async _ =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, $"{RunningGateway.One}/facts/slow");
                request.Headers.Add("Authorization", "Bearer mara");
                await gateway.Http.SendAsync(request, leaving.Token);
            }).ToList();
            await Eventually.Sees(() => gateway.Ledger.Waits, count => count == waiting + 50);
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(asking));
            await Eventually.Sees(() => gateway.Ledger.Aborts, aborts => aborts == before + 50);
        }
        await Eventually.Sees(async _ => (await gateway.Get($"{RunningGateway.One}/facts/echo")).StatusCode, status => status == HttpStatusCode.OK);
        Assert.DoesNotContain(gateway.Logged, line => line.StartsWith("Error", StringComparison.Ordinal)
            || line.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Events_come_one_by_one_as_they_happen()
    {
        await using var gateway = await RunningGateway.Start();
        using var answer = await gateway.Get($"{RunningGateway.One}/facts/sse");
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        for (var i = 1; i <= 3; i++)
        {
            var next = reader.ReadLineAsync();
            Assert.False(next.IsCompleted);
            gateway.Ledger.Go.Release();
            Assert.Equal($"data: {i}", await next);
            Assert.Equal("", await reader.ReadLineAsync());
        }
        Assert.Null(await reader.ReadLineAsync());
    }
}
