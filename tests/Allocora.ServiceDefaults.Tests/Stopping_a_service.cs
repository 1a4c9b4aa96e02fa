using System.Net;
using Allocora.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Allocora.ServiceDefaults.Tests;

public sealed class Stopping_a_service
{
    private readonly TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously), finish = new(), aborted = new();

    [Fact]
    public async Task A_request_under_way_is_finished_first()
    {
        await using var host = await Start();
        var call = host.Http.GetAsync(new Uri("/work", UriKind.Relative));
        await begun.Task.WaitAsync(Eventually.Deadline);

        var stop = host.App.StopAsync();
        await Eventually.Sees(() => host.App.Lifetime.ApplicationStopping.IsCancellationRequested, stopping => stopping);
        await RefusesNewConnections(host);
        Assert.False(stop.IsCompleted);
        finish.SetResult();

        using var answer = await call.WaitAsync(Eventually.Deadline);
        Assert.Equal((HttpStatusCode.OK, "done"), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        await stop.WaitAsync(Eventually.Deadline);
        Assert.Empty(host.Log.AtLeast(LogLevel.Warning));
    }

    [Fact]
    public async Task A_request_that_does_not_end_is_broken_off_when_the_time_is_up()
    {
        await using var host = await Start("Shutdown:Timeout=00:00:01");
        var call = host.Http.GetAsync(new Uri("/work", UriKind.Relative));
        await begun.Task.WaitAsync(Eventually.Deadline);

        await host.App.StopAsync().WaitAsync(Eventually.Deadline);

        await Assert.ThrowsAsync<HttpRequestException>(() => call.WaitAsync(Eventually.Deadline));
        await aborted.Task.WaitAsync(Eventually.Deadline);
    }

    [Fact]
    public async Task The_time_it_may_take_is_a_setting()
    {
        await using var patient = await TestHost.Start(null, null, "Shutdown:Timeout=00:01:40");
        await using var usual = await TestHost.Start();

        Assert.Equal(TimeSpan.FromSeconds(100), patient.App.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout);
        Assert.Equal(TimeSpan.FromSeconds(30), usual.App.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout);
    }

    private Task<TestHost> Start(params string[] settings) => TestHost.Start(null, app => app.MapGroup("").AllowAnyone()
        .MapGet("/work", async (HttpContext http) =>
    {
        begun.SetResult();
        try
        {
            await finish.Task.WaitAsync(http.RequestAborted);
            return "done";
        }
        catch (OperationCanceledException)
        {
            aborted.SetResult();
            throw;
        }
    }), settings);

    private static async Task RefusesNewConnections(TestHost host)
    {
        await Eventually.Sees(async ct =>
        {
            using var stranger = new HttpClient();
            try
            {
                using var answer = await stranger.GetAsync(new Uri(host.Http.BaseAddress!, "/healthz/live"), ct);
                return false;
            }
            catch (HttpRequestException)
            {
                return true;
            }
        }, refused => refused);
    }
}
