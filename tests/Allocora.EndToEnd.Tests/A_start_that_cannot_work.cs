using System.Net;
using System.Net.Sockets;
using Allocora.Testing;

namespace Allocora.EndToEnd.Tests;

/// <summary>One clear sentence, exit code 1, nothing left running. The servers are the tests' own, so that each try is short.</summary>
public sealed class A_start_that_cannot_work
{
    [Fact]
    public async Task A_port_that_is_taken()
    {
        using var taker = new TcpListener(IPAddress.Loopback, 0);
        taker.Start();
        var port = ((IPEndPoint)taker.LocalEndpoint).Port;

        await Refused($"^Port {port} is taken; free it or choose another with --port\\.$", [], "--port", $"{port}");
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_written()
    {
        var answer = await FrontDoor.Run(new Dictionary<string, string>(), "up", "--detach", "--data", "/proc/allocora");

        Assert.Equal((1, "The data folder /proc/allocora cannot be written; choose another with --data DIR.\n"), (answer.ExitCode, answer.Error));
    }

    [Fact]
    public async Task A_wrong_connection_string() => await Refused(
        "^ConnectionStrings__postgres is not a PostgreSQL connection string; give it as Host=", new() { ["ConnectionStrings__postgres"] = "rubbish" });

    [Fact]
    public async Task A_virtual_host_that_is_not_there() => await Refused(
        "^ConnectionStrings__rabbitmq: RabbitMQ at .+ answers: NOT_ALLOWED - vhost nowhere not found",
        new() { ["ConnectionStrings__rabbitmq"] = $"{new UriBuilder((await TestServers.Get()).Broker) { Path = "/nowhere" }.Uri}" });

    [Fact]
    public async Task A_database_server_that_is_not_there() => await Refused(
        "^ConnectionStrings__postgres: PostgreSQL at 127.0.0.1:1 does not answer",
        new() { ["ConnectionStrings__postgres"] = "Host=127.0.0.1;Port=1;Username=a" });

    [Fact]
    public async Task A_broker_that_does_not_let_us_in()
    {
        var wrong = new UriBuilder((await TestServers.Get()).Broker) { Password = "hidden" }.Uri;

        await Refused("^ConnectionStrings__rabbitmq: RabbitMQ at .+ refuses the user or password\\.$", new() { ["ConnectionStrings__rabbitmq"] = $"{wrong}" });
    }

    [Theory]
    [InlineData("Readiness__Timeout", "soon", "Readiness__Timeout .+")]
    [InlineData("Readiness__Timeout", "01:00:00", "Readiness__Timeout is not valid: .+")]
    [InlineData("Shutdown__Timout", "00:00:10", "Shutdown__Timout is not a setting\\. There are: Shutdown__Timeout")]
    public async Task A_setting_that_makes_no_sense(string key, string value, string sentence) =>
        await Refused($"^[a-z]+ cannot start: {sentence}\\. Log: .+/logs/[a-z]+\\.log$", new() { [key] = value });

    private static async Task Refused(string sentence, Dictionary<string, string> environment, params string[] options)
    {
        await using var door = new FrontDoor();
        var servers = await TestServers.Get();
        door.Environment["ConnectionStrings__postgres"] = servers.Postgres;
        door.Environment["ConnectionStrings__rabbitmq"] = $"{servers.Broker}";
        foreach (var (key, value) in environment) door.Environment[key] = value;

        var answer = await door.Run(["up", "--detach", .. options]);

        Assert.Equal((1, ""), (answer.ExitCode, answer.Output));
        Assert.Matches(sentence, Assert.Single(answer.ErrorLines));
        Assert.DoesNotContain("hidden", answer.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(door.Remains([]), left => left.StartsWith("process", StringComparison.Ordinal));
    }
}
