using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Allocora.ServiceDefaults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Allocora.Console.Tests;

public sealed class Starting_the_console
{
    private static readonly StandIn[] Nobody = [new("connector"), new("ledger"), new("calculation"), new("statements")];

    [Fact]
    public void Every_address_that_is_missing_is_named()
    {
        var refusal = Assert.Throws<OptionsValidationException>(() => Build(RunningConsole.Arguments([Nobody[0], Nobody[2]])));

        Assert.Equal(["services__ledger__http__0", "services__statements__http__0"], refusal.Failures.Select(f => f.Split(' ')[0]));
    }

    [Theory]
    [InlineData("localhost:5001")]
    [InlineData("ftp://localhost")]
    [InlineData("/ledger")]
    public void An_address_that_is_not_http_is_refused(string address) =>
        Assert.Throws<OptionsValidationException>(() => Build(RunningConsole.Arguments(Nobody, $"--services:ledger:http:0={address}")));

    [Theory]
    [InlineData("00:00:00.4")]
    [InlineData("00:01:01")]
    public void An_interval_out_of_range_is_refused_by_its_name(string interval)
    {
        using var host = Build(RunningConsole.Arguments(Nobody, $"--Status:Interval={interval}"));

        var refusal = Assert.Throws<OptionsValidationException>(host.Services.GetRequiredService<IStartupValidator>().Validate);
        Assert.StartsWith("Status__Interval", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Session__Key is not valid: ", "--Session:Key=")]
    [InlineData("Session__Key is not valid: give 32 random bytes in Base64.", "--Session:Key=c2hvcnQ=")]
    [InlineData("Session__Idle is not valid: ", "--Session:Idle=00:00:01")]
    [InlineData("Identity__Mode is not valid: give local or oidc.", "--Identity:Mode=ldap")]
    [InlineData("Identity__LinkKey is not valid: give 32 random bytes in Base64.", "--Identity:LinkKey=c2hvcnQ=")]
    [InlineData("Identity__Mode is not valid: local is for development; give oidc.", "--environment=Production")]
    [InlineData("Oidc__Authority is not valid: give an https address", "--environment=Production", "--Identity:Mode=oidc",
        "--Oidc:Authority=http://127.0.0.1:1")]
    [InlineData("Oidc__Authority is not valid: give an https address", "--Identity:Mode=oidc", "--Oidc:Authority=http://id.example")]
    public void A_setting_that_would_let_in_the_wrong_people_is_refused_by_its_name(string why, params string[] settings)
    {
        const string Unused = "Host=127.0.0.1;Port=1;Database=console;Username=console;Password=3f0c1e";
        var arguments = RunningConsole.Arguments(
            Nobody,
            ["--Oidc:ClientId=allocora", "--Oidc:ClientSecret=3f0c1e", $"--ConnectionStrings:console={Unused}",
                $"--ConnectionStrings:console_worker={Unused}", .. settings]);

        var refusal = Assert.Throws<OptionsValidationException>(() =>
        {
            using var host = Build(arguments);
            host.Services.GetRequiredService<IStartupValidator>().Validate();
        });
        Assert.StartsWith(why, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task From_any_folder_it_finds_its_files_and_writes_none_at_home()
    {
        var elsewhere = Directory.CreateTempSubdirectory("allocora-console-");
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = elsewhere.FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["HOME"] = elsewhere.FullName, ["DOTNET_CLI_HOME"] = elsewhere.FullName },
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Allocora.Console.dll"));
        foreach (var argument in RunningConsole.Arguments(Nobody)) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        try
        {
            var (address, log) = await Listening(process);
            using var http = new HttpClient { BaseAddress = new(address) };
            var page = await http.GetStringAsync("/status");
            var stylesheet = Html.Attribute(Html.Tags(page, "link").First(tag => tag.Contains("stylesheet", StringComparison.Ordinal)), "href");

            Assert.Contains("--page", await http.GetStringAsync(stylesheet), StringComparison.Ordinal);
            // These two would tell of keys in a folder, or in the clear.
            Assert.DoesNotContain("Storing keys", log, StringComparison.Ordinal);
            Assert.DoesNotContain("unencrypted", log, StringComparison.Ordinal);
            Assert.Empty(elsewhere.EnumerateFileSystemInfos());
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
            elsewhere.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task With_a_second_port_health_and_version_are_there_and_nowhere_else()
    {
        var port = FreePort();
        await using var console = await RunningConsole.Start(routes: null, $"--Internal:Port={port}");
        var inside = $"http://127.0.0.1:{port}";

        foreach (var path in new[] { "/version", "/healthz/live", "/healthz/ready", "/healthz/startup" })
        {
            using var refused = await console.Ask(path);
            using var answered = await console.Ask(inside + path);
            Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
            Assert.NotEqual(HttpStatusCode.NotFound, answered.StatusCode);
            Assert.True(refused.Headers.Contains("Content-Security-Policy"));
        }
        using var page = await console.Ask(inside + "/status");
        Assert.Equal(HttpStatusCode.NotFound, page.StatusCode);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<(string Address, string Log)> Listening(Process process)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var log = "";
        while (await process.StandardOutput.ReadLineAsync(deadline.Token) is { } line)
        {
            log += line + "\n";
            if (Regex.Match(line, "Now listening on: (http://.*)") is { Success: true } match) return (match.Groups[1].Value, log);
        }
        throw new InvalidOperationException($"It ended without listening: {log}{await process.StandardError.ReadToEndAsync(deadline.Token)}");
    }

    private static Microsoft.AspNetCore.Builder.WebApplication Build(string[] arguments) =>
        Service.Build("console", arguments, builder => builder.AddConsole(), app => app.MapConsole());
}
