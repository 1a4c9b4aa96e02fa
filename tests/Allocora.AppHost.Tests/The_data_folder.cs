using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Allocora.AppHost.Tests;

public sealed class The_data_folder : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("allocora-data-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void Belongs_to_one_system_at_a_time()
    {
        using (var first = DataFolder.Open(folder.FullName))
        {
            var refused = Assert.Throws<StartFailure>(() => DataFolder.Open(folder.FullName));
            Assert.StartsWith($"Allocora already runs on {folder.FullName}, ", refused.Message, StringComparison.Ordinal);
        }
        DataFolder.Open(folder.FullName).Dispose();
    }

    [Fact]
    public void Keeps_its_passwords_and_shows_them_to_nobody_else()
    {
        string first, second;
        using (var data = DataFolder.Open(folder.FullName)) (first, second) = (data.Secret("one"), data.Secret("two"));
        using var again = DataFolder.Open(folder.FullName);

        Assert.Equal((first, second), (again.Secret("one"), again.Secret("two")));
        Assert.NotEqual(first, second);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(again["secrets.json"]));
    }

    [Fact]
    public void Makes_a_password_once_however_many_ask_at_the_same_time()
    {
        using var data = DataFolder.Open(folder.FullName);
        for (var round = 0; round < 100; round++)
        {
            var seen = new string[8];
            using var together = new Barrier(seen.Length);
            var askers = Enumerable.Range(0, seen.Length).Select(i => new Thread(() =>
            {
                together.SignalAndWait();
                seen[i] = data.Secret($"round {round}");
            })).ToList();
            askers.ForEach(a => a.Start());
            askers.ForEach(a => a.Join());
            Assert.Single(seen.Distinct());
        }
    }

    [Fact]
    public void Gives_the_same_ports_again_and_another_for_one_that_is_taken()
    {
        using var data = DataFolder.Open(folder.FullName);
        var first = data.Ports(["a", "b"], NoneWanted).ToDictionary();
        using var taker = Listen(first["a"]);

        var second = data.Ports(["a", "b"], NoneWanted);

        Assert.NotEqual(first["a"], second["a"]);
        Assert.Equal(first["b"], second["b"]);
        Assert.All(second.Values, port => Assert.InRange(port, 15_000, 32_000));
    }

    [Fact]
    public void Names_a_wanted_port_that_is_taken()
    {
        using var data = DataFolder.Open(folder.FullName);
        using var taker = Listen(0);
        var port = ((IPEndPoint)taker.LocalEndpoint).Port;

        var refused = Assert.Throws<StartFailure>(() => data.Ports(["a"], new Dictionary<string, int> { ["a"] = port }));

        Assert.Equal($"Port {port} is taken; free it or choose another with --port.", refused.Message);
    }

    [Fact]
    public void Gives_a_wanted_port_to_whoever_wants_it_and_another_to_whoever_had_it()
    {
        using var data = DataFolder.Open(folder.FullName);
        var before = data.Ports(["a", "b"], NoneWanted).ToDictionary();

        var after = data.Ports(["a", "b"], new Dictionary<string, int> { ["a"] = before["b"] }).ToDictionary();
        var again = data.Ports(["a", "b"], NoneWanted);

        Assert.Equal(before["b"], after["a"]);
        Assert.NotEqual(after["a"], after["b"]);
        Assert.Equal(after, again);
    }

    [Fact]
    public void Keeps_its_logs_from_other_people()
    {
        using var data = DataFolder.Open(folder.FullName);

        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.Combine(folder.FullName, "logs")));
    }

    [Fact]
    public void Cannot_be_where_a_file_is()
    {
        var file = Path.Combine(folder.FullName, "file");
        File.WriteAllText(file, "");

        var refused = Assert.Throws<StartFailure>(() => DataFolder.Open(file));
        Assert.StartsWith($"The data folder {file} cannot be used: ", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ half")]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    public void Says_that_its_passwords_are_damaged_and_makes_no_others(string content)
    {
        var secrets = Path.Combine(folder.FullName, "secrets.json");
        File.WriteAllText(secrets, content);

        Assert.StartsWith($"{secrets} is damaged.", Assert.Throws<StartFailure>(() => DataFolder.Open(folder.FullName)).Message, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(secrets));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("""{"a":99999999}""")]
    [InlineData("""{"a":-5}""")]
    public void Chooses_other_ports_when_those_of_last_time_make_no_sense(string content)
    {
        File.WriteAllText(Path.Combine(folder.FullName, "ports.json"), content);
        using var data = DataFolder.Open(folder.FullName);

        Assert.InRange(data.Ports(["a"], NoneWanted)["a"], 15_000, 32_000);
    }

    [Fact]
    public void Writes_a_file_whole_or_not_at_all()
    {
        using var data = DataFolder.Open(folder.FullName);
        data.Write("run.json", new { Good = 1 });

        Assert.Throws<NotSupportedException>(() => data.Write("run.json", new { Bad = new Action(() => { }) }));

        Assert.Equal(1, JsonDocument.Parse(File.ReadAllText(data["run.json"])).RootElement.GetProperty("good").GetInt32());
    }

    [Fact]
    public void A_log_never_grows_beyond_two_files()
    {
        var log = new LogFile(Path.Combine(folder.FullName, "a.log"));
        var line = new string('x', 1024 * 1024);

        for (var i = 0; i < 40; i++) log.Write($"{i} {line}");

        Assert.Equal(["a.log", "a.log.1"], folder.GetFiles("a.log*").Select(f => f.Name).Order());
        Assert.All(folder.GetFiles("a.log*"), f => Assert.InRange(f.Length, 1, 18 * 1024 * 1024));
        Assert.StartsWith("39 ", File.ReadLines(log.Path).Last(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_log_that_cannot_be_written_stops_nobody()
    {
        var shown = new List<string>();

        new LogFile(Path.Combine(folder.FullName, "nowhere", "a.log"), shown.Add).Write("all the same");
        new LogFile(folder.FullName, shown.Add).Write("and here");

        Assert.Equal(["all the same", "and here"], shown);
    }

    private static readonly Dictionary<string, int> NoneWanted = [];

    private static TcpListener Listen(int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        return listener;
    }
}
