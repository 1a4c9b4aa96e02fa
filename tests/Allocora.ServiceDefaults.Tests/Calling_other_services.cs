using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Allocora.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Allocora.ServiceDefaults.Tests;

public sealed class Calling_other_services
{
    private readonly ManualTime time = new(new DateTimeOffset(2026, 10, 1, 12, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData(502, null)]
    [InlineData(504, null)]
    [InlineData(503, "0")]
    [InlineData(429, "0")]
    public async Task A_read_that_fails_in_passing_is_repeated(int status, string? retryAfter)
    {
        await using var other = await OtherService.Start((status, retryAfter), (status, retryAfter), (200, null));
        await using var host = await TestHost.Start();

        using var answer = await Client(host).GetAsync(other.Address);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(["GET", "GET", "GET"], other.Requests.Select(r => r.Method));
    }

    [Theory]
    [InlineData(200)]
    [InlineData(404)]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(429)]
    public async Task Any_other_answer_is_returned_as_it_is(int status)
    {
        await using var other = await OtherService.Start((status, null), (200, null));
        await using var host = await TestHost.Start();

        using var answer = await Client(host).GetAsync(other.Address);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Single(other.Requests);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task It_gives_up_after_as_many_repeats_as_it_is_allowed(int retries)
    {
        await using var other = await OtherService.Start((502, null));
        await using var host = await TestHost.Start(null, null, $"OutgoingHttp:Retries={retries}");

        using var answer = await Client(host).GetAsync(other.Address);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal(retries + 1, other.Requests.Count);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    [InlineData("DELETE")]
    public async Task A_write_is_never_repeated(string method)
    {
        await using var other = await OtherService.Start((503, "0"), (200, null));
        await using var host = await TestHost.Start();
        using var request = new HttpRequestMessage(new HttpMethod(method), other.Address);

        using var answer = await Client(host).SendAsync(request);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal([method], other.Requests.Select(r => r.Method));
    }

    [Fact]
    public async Task A_connection_that_breaks_is_tried_again()
    {
        var calls = 0;
        await using var other = await OtherService.Start(http =>
        {
            if (Interlocked.Increment(ref calls) == 1) http.Abort();
            return Task.CompletedTask;
        });
        await using var host = await TestHost.Start();

        using var answer = await Client(host).GetAsync(other.Address);

        Assert.Equal((HttpStatusCode.OK, 2), (answer.StatusCode, calls));
    }

    [Fact]
    public async Task A_service_that_is_not_there_is_a_failed_request()
    {
        await using var host = await TestHost.Start();

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => Client(host).GetAsync(NobodyListens()));

        Assert.Equal(SocketError.ConnectionRefused, Assert.IsType<SocketException>(failure.InnerException).SocketErrorCode);
    }

    [Theory]
    [InlineData("7")]
    [InlineData("Thu, 01 Oct 2026 12:00:07 GMT")]
    public async Task It_waits_as_long_as_it_is_asked_to(string retryAfter)
    {
        await using var other = await OtherService.Start((503, retryAfter), (200, null));
        await using var host = await StartWithClock();

        var call = Client(host).GetAsync(other.Address);
        await Eventually.Sees(() => time.Due, due => due.Contains(TimeSpan.FromSeconds(7)));
        time.Advance(TimeSpan.FromSeconds(6.9));
        Assert.Single(other.Requests);
        time.Advance(TimeSpan.FromSeconds(0.1));

        using var answer = await call.WaitAsync(Eventually.Deadline);
        Assert.Equal((HttpStatusCode.OK, 2), (answer.StatusCode, other.Requests.Count));
    }

    [Theory]
    [InlineData("31")]
    [InlineData("86400")]
    [InlineData("Fri, 02 Oct 2026 12:00:00 GMT")]
    public async Task It_does_not_wait_for_longer_than_the_whole_call_may_take(string retryAfter)
    {
        await using var other = await OtherService.Start((503, retryAfter), (200, null));
        await using var host = await StartWithClock("OutgoingHttp:TotalTimeout=00:00:30");

        using var answer = await Client(host).GetAsync(other.Address).WaitAsync(Eventually.Deadline);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Single(other.Requests);
    }

    [Fact]
    public async Task An_attempt_that_takes_too_long_is_given_up_and_made_again()
    {
        var calls = 0;
        await using var other = await OtherService.Start(http => Interlocked.Increment(ref calls) == 1 ? Never(http) : Task.CompletedTask);
        await using var host = await StartWithClock("OutgoingHttp:AttemptTimeout=00:00:20");

        var call = Client(host).GetAsync(other.Address);
        await Eventually.Sees(() => other.Requests.Count, count => count == 1);
        time.Advance(TimeSpan.FromSeconds(20));
        var pause = await Eventually.Sees(() => time.Due, due => due.Count == 1);
        time.Advance(pause[0]);

        using var answer = await call.WaitAsync(Eventually.Deadline);
        Assert.Equal((HttpStatusCode.OK, 2), (answer.StatusCode, calls));
    }

    [Fact]
    public async Task A_write_that_takes_too_long_fails_and_is_not_made_again()
    {
        await using var other = await OtherService.Start(Never);
        await using var host = await StartWithClock("OutgoingHttp:AttemptTimeout=00:00:20");

        var call = Client(host).PostAsync(other.Address, null);
        await Eventually.Sees(() => other.Requests.Count, count => count == 1);
        time.Advance(TimeSpan.FromSeconds(20));

        await AssertTimesOut(() => call);

        Assert.Single(other.Requests);
    }

    [Fact]
    public async Task All_attempts_together_take_no_longer_than_the_total()
    {
        await using var other = await OtherService.Start(Never);
        await using var host = await TestHost.Start(
            null, null, "OutgoingHttp:AttemptTimeout=00:00:10", "OutgoingHttp:TotalTimeout=00:00:00.3", "OutgoingHttp:Retries=10");

        await AssertTimesOut(() => Client(host).GetAsync(other.Address));

        Assert.InRange(other.Requests.Count, 0, 1); // on a busy machine the first one may not even have arrived
    }

    [Fact]
    public async Task A_body_that_stops_half_way_counts_towards_the_total()
    {
        await using var other = await OtherService.Start(async http =>
        {
            http.Response.ContentLength = 100;
            await http.Response.WriteAsync("one half");
            await http.Response.Body.FlushAsync();
            await Never(http);
        });
        await using var host = await TestHost.Start(null, null, "OutgoingHttp:TotalTimeout=00:00:00.5");

        await AssertTimesOut(() => Client(host).GetStringAsync(other.Address));
    }

    [Fact]
    public async Task A_stream_that_was_asked_for_may_last_longer_than_the_total()
    {
        var goOn = new TaskCompletionSource();
        await using var other = await OtherService.Start(async http =>
        {
            await http.Response.WriteAsync("first ");
            await http.Response.Body.FlushAsync();
            await goOn.Task.WaitAsync(http.RequestAborted);
            await http.Response.WriteAsync("last");
        });
        await using var host = await StartWithClock("OutgoingHttp:TotalTimeout=00:00:02");

        using var answer = await Client(host).GetAsync(other.Address, HttpCompletionOption.ResponseHeadersRead);
        time.Advance(TimeSpan.FromHours(1));
        var elapsed = Stopwatch.StartNew();
        await Eventually.Sees(() => elapsed.Elapsed, passed => passed > TimeSpan.FromSeconds(2.2));
        goOn.SetResult();

        Assert.Equal("first last", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_caller_who_gives_up_is_not_kept()
    {
        await using var other = await OtherService.Start(Never);
        await using var host = await TestHost.Start();
        using var patience = new CancellationTokenSource();

        var call = Client(host).GetAsync(other.Address, patience.Token);
        await Eventually.Sees(() => other.Requests.Count, count => count == 1);
        await patience.CancelAsync();

        var cancelled = await Assert.ThrowsAsync<TaskCanceledException>(() => call.WaitAsync(Eventually.Deadline));
        Assert.Equal(patience.Token, cancelled.CancellationToken);
        Assert.Single(other.Requests);
    }

    private Task<TestHost> StartWithClock(params string[] settings) =>
        TestHost.Start(builder => builder.Services.AddSingleton<TimeProvider>(time), null, settings);

    private static async Task AssertTimesOut(Func<Task> call)
    {
        var failure = await Assert.ThrowsAsync<TaskCanceledException>(() => call().WaitAsync(Eventually.Deadline));
        Assert.IsType<TimeoutException>(failure.InnerException);
    }

    private static HttpClient Client(TestHost host) => host.App.Services.GetRequiredService<IHttpClientFactory>().CreateClient();

    private static Task Never(HttpContext http) => new TaskCompletionSource().Task.WaitAsync(http.RequestAborted);

    private static Uri NobodyListens()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri($"http://{listener.LocalEndpoint}");
    }
}
