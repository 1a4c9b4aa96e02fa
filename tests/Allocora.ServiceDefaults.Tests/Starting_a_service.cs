using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Allocora.ServiceDefaults.Tests;

/// <summary>Alone, because standard error is the whole process's.</summary>
[Collection(nameof(TestingTools.OneProcess))]
public sealed class Starting_a_service
{
    [Fact]
    public void One_that_is_stopped_ends_without_a_word()
    {
        var (code, said) = Run(app => app.Lifetime.ApplicationStarted.Register(app.Lifetime.StopApplication));

        Assert.Equal((0, ""), (code, said));
    }

    [Theory]
    [InlineData("Readiness:Timeout=soon", "Readiness__Timeout is not valid: String 'soon' was not recognized as a valid TimeSpan.")]
    [InlineData("Shutdown:Timeout=01:00:00", "Shutdown__Timeout is not valid: The field Timeout must be between 00:00:01 and 00:05:00.")]
    [InlineData("Internal:Port=http", "Internal__Port is not valid: The input string 'http' was not in a correct format.")]
    [InlineData("Internal:Port=70000", "Internal__Port is not valid: The field Port must be between 1 and 65535.")]
    [InlineData("OutgoingHttp:Retry=1",
        "OutgoingHttp__Retry is not a setting. There are: OutgoingHttp__Retries, OutgoingHttp__AttemptTimeout, OutgoingHttp__TotalTimeout.")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=nonsense", "OTEL_EXPORTER_OTLP_ENDPOINT is not an http address.")]
    [InlineData("urls=nonsense", "ASPNETCORE_URLS is not valid: Invalid url: 'nonsense'")]
    public void A_setting_that_makes_no_sense_ends_it_with_one_sentence(string setting, string sentence)
    {
        var (code, said) = Run(null, setting);

        Assert.Equal((1, $"probe cannot start: {sentence}{Environment.NewLine}"), (code, said));
    }

    [Theory]
    [InlineData("urls=ftp://127.0.0.1")]
    [InlineData("urls=http://127.0.0.1:99999")]
    [InlineData("Kestrel:Endpoints:X:Url=nonsense")]
    [InlineData("Logging:LogLevel:Default=Bogus")]
    public void A_setting_of_the_frameworks_that_makes_no_sense_ends_it_with_one_sentence_too(string setting)
    {
        var (code, said) = Run(null, setting);

        Assert.Equal(1, code);
        Assert.StartsWith("probe cannot start: ", Assert.Single(said.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public void A_worker_that_fails_is_not_taken_for_a_wish_to_stop()
    {
        var (code, _) = RunWith(builder => builder.Services.AddHostedService<Failing>(), null);

        Assert.Equal(1, code);
    }

    [Fact]
    public void A_worker_that_fails_while_the_rest_still_starts_is_the_reason_that_is_given()
    {
        var fault = Assert.Throws<InvalidOperationException>(() => RunWith(
            builder =>
            {
                builder.Services.AddHostedService<FailingAtOnce>();
                builder.Services.AddHostedService<WaitingToBeStopped>();
            }, null));

        Assert.Equal("a bug", fault.Message);
    }

    private sealed class Failing(IHostApplicationLifetime lifetime) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            var started = new TaskCompletionSource();
            lifetime.ApplicationStarted.Register(started.SetResult);
            await started.Task;
            throw new InvalidOperationException("a bug");
        }
    }

    private sealed class FailingAtOnce : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Task.Yield();
            throw new InvalidOperationException("a bug");
        }
    }

    private sealed class WaitingToBeStopped : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    [Fact]
    public void Every_section_that_makes_no_sense_is_named_in_the_same_line()
    {
        var (code, said) = Run(null, "Readiness:Timeout=soon", "OutgoingHttp:Retries=11");

        Assert.Equal(1, code);
        Assert.Contains("Readiness__Timeout is not valid", said);
        Assert.Contains("OutgoingHttp__Retries is not valid", said);
        Assert.Single(said.TrimEnd().Split('\n'));
    }

    [Fact]
    public void An_address_in_use_is_named()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        var (code, said) = Run(null, $"urls=http://{taken.LocalEndpoint}");

        var sentence = $"Failed to bind to address http://{taken.LocalEndpoint}: address already in use.";
        Assert.Equal((1, $"probe cannot start: {sentence}{Environment.NewLine}"), (code, said));
    }

    [Fact]
    public void An_address_of_another_machine_is_refused_in_one_sentence()
    {
        var (code, said) = Run(null, "urls=http://192.0.2.1:5000");

        Assert.Equal(1, code);
        Assert.StartsWith("probe cannot start: ASPNETCORE_URLS names an address it may not listen on: ", said);
        Assert.Single(said.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("migrat")]
    [InlineData("help")]
    public void A_command_it_does_not_know_starts_nothing(string word)
    {
        var (code, said) = RunAs([word]);

        Assert.Equal(
            (2, $"probe does not know {word}; without a command it runs, and migrate brings its schema up to date.{Environment.NewLine}"), (code, said));
    }

    [Fact]
    public void What_a_module_misses_in_its_configuration_is_said_the_same_way()
    {
        var (code, said) = Run(_ => throw new OptionsValidationException("", typeof(string), ["ConnectionStrings__ledger is missing."]));

        Assert.Equal((1, $"probe cannot start: ConnectionStrings__ledger is missing.{Environment.NewLine}"), (code, said));
    }

    [Fact]
    public void A_fault_of_our_own_is_let_out_whole() =>
        Assert.Throws<NotSupportedException>(() => Run(_ => throw new NotSupportedException("a bug")));

    private static (int Code, string Said) Run(Action<WebApplication>? map, params string[] settings) => RunWith(_ => { }, map, settings);

    private static (int Code, string Said) RunWith(Action<WebApplicationBuilder> add, Action<WebApplication>? map, params string[] settings) =>
        RunAs(["--urls=http://127.0.0.1:0", .. settings.Select(s => $"--{s}")], add, map);

    private static (int Code, string Said) RunAs(string[] args, Action<WebApplicationBuilder>? add = null, Action<WebApplication>? map = null)
    {
        var error = Console.Error;
        using var said = new StringWriter();
        Console.SetError(said);
        try
        {
            return (Service.Run(TestHost.Name, args, add ?? (_ => { }), map), said.ToString());
        }
        finally
        {
            Console.SetError(error);
        }
    }
}
