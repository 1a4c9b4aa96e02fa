using System.Diagnostics;
using Allocora.Testing;

namespace Allocora.Foundation.Tests;

/// <summary>The programs themselves, as built beside the tests: each has to register the settings of what it signs.</summary>
public sealed class Settings_of_the_signed_heads : IDisposable
{
    private const string Key = "Heads__KeyFile", File = "Heads__File", Known = "Heads__KeyFile, Heads__File, Heads__Events, Heads__Age, Heads__Look";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string[] Watched = ["connector", "ledger", "calculation", "statements"];
    private readonly string folder = Directory.CreateTempSubdirectory("allocora-heads-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("connector")]
    [InlineData("ledger")]
    [InlineData("calculation")]
    [InlineData("statements")]
    [InlineData("console")]
    public async Task Every_service_names_one_it_does_not_know(string service) => Assert.Equal(
        (1, $"{service} cannot start: Heads__Every is not a setting. There are: {Known}."), await Start(service, ("Heads__Every", "00:00:05")));

    [Theory]
    [InlineData("Heads__Events", "many", "The input string 'many' was not in a correct format.")]
    [InlineData("Heads__Events", "0", "The field Events must be between 1 and 1000000.")]
    [InlineData("Heads__Age", "soon", "String 'soon' was not recognized as a valid TimeSpan.")]
    [InlineData("Heads__Look", "00:00:00", "The field Look must be between 00:00:00.1000000 and 00:01:00.")]
    [InlineData(File, "", "The File field is required.")]
    [InlineData(Key, "", "The KeyFile field is required.")]
    public async Task A_value_that_makes_no_sense_is_named(string setting, string value, string why) => Assert.Equal(
        (1, $"ledger cannot start: {setting} is not valid: {why}"), await Start("ledger", (setting, value)));

    [Theory]
    [InlineData(".")]
    [InlineData("file/key.pem")]
    public async Task A_key_that_can_neither_be_read_nor_made_is_named(string place)
    {
        System.IO.File.WriteAllText(Path.Combine(folder, "file"), "");
        var path = Path.GetFullPath(Path.Combine(folder, place));

        var (code, error) = await Start("ledger", (Key, path));

        Assert.Equal(1, code);
        Assert.StartsWith($"ledger cannot start: Heads__KeyFile: {path} can neither be read nor made: ", error, StringComparison.Ordinal);
        Assert.Single(error.Split('\n'));
        Assert.Equal(["file"], Directory.GetFileSystemEntries(folder).Select(Path.GetFileName));
    }

    /// <summary>Starts a program that has nothing it would need later, and returns how it ended and what it said.</summary>
    private async Task<(int Code, string Error)> Start(string service, params (string Key, string Value)[] settings)
    {
        var name = $"{char.ToUpperInvariant(service[0])}{service[1..]}";
        // As configured and for the framework the tests were built with.
        var built = Path.GetRelativePath(Path.Combine(Repository.Root, "tests", "Allocora.Foundation.Tests"), AppContext.BaseDirectory);
        var info = new ProcessStartInfo("dotnet", [Path.Combine(Repository.Root, "Services", name, built, $"Allocora.{name}.dll")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment[Key] = Path.Combine(folder, "key.pem");
        info.Environment[File] = Path.Combine(folder, "heads.ndjson");
        info.Environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        info.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        if (service == "console") info.Environment["Identity__Mode"] = "local";
        var keys = service == "console"
            ? Watched.Select(w => $"Inner__Keys__{w}").Append("Session__Key").Append("Identity__LinkKey")
            : ["Inner__Key", "Vault__Keys__k1"];
        foreach (var (number, key) in keys.Index())
            info.Environment[key] = Convert.ToBase64String([.. Enumerable.Repeat((byte)number, 32)]);
        info.Environment["Vault__Current"] = "k1"; // of the connector alone
        info.Environment["ConnectionStrings__rabbitmq"] = "amqp://nobody:nothing@127.0.0.1:1/";
        foreach (var database in Watched.Select(w => $"{w}_tail").Append(service).Append($"{service}_worker").Append("console_inner").Append("console_tail"))
            info.Environment[$"ConnectionStrings__{database}"] = "Host=127.0.0.1;Port=1;Username=nobody;Database=none";
        foreach (var watched in Watched)
            info.Environment[$"services__{watched}__http__0"] = "http://127.0.0.1:1";
        foreach (var (key, value) in settings) info.Environment[key] = value;

        using var process = Process.Start(info)!;
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(patience.Token), process.StandardError.ReadToEndAsync(patience.Token));
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, said[1].TrimEnd());
        }
        finally
        {
            if (!process.HasExited) process.Kill(); // it took what it should have refused
        }
    }
}
