using Allocora.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Allocora.Console.Tests.Workspaces;

public sealed class The_demo_workspace
{
    private static readonly string[] Parts = ["admin", "approver", "approver2", "auditor", "operator", "preparer", "viewer"];

    [Fact]
    public async Task There_is_somebody_for_every_part_and_a_token_that_works()
    {
        using var folder = new Folder();
        await using var database = await ConsoleDatabase.Create();
        await using var console = await Ready(database, folder.File);

        var demo = DemoFile.Read(folder.File)!;

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.File));
        Assert.Equal(Parts, demo.Tokens.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(7, await Working(console, demo));
        Assert.Equal(201, (await console.Ask(demo.Tokens["admin"], HttpMethod.Post, "/api/v1/workspaces",
            $$"""{"slug":"acme","name":"Acme",{{AccessConsole.WorkspaceSettings}}}""")).Status);
    }

    [Fact]
    public async Task A_second_start_changes_nothing()
    {
        using var folder = new Folder();
        await using var database = await ConsoleDatabase.Create();
        await using var console = await Ready(database, folder.File);
        var (text, events) = (await File.ReadAllTextAsync(folder.File), await Events(database));

        await using var again = await Ready(database, folder.File);

        Assert.Equal(text, await File.ReadAllTextAsync(folder.File));
        Assert.Equal(events, await Events(database));
    }

    [Theory]
    [InlineData("the file alone")]
    [InlineData("no file")]
    [InlineData("half a file")]
    [InlineData("a workspace without its people")]
    [InlineData("a key that was revoked")]
    public async Task Whatever_was_left_behind_is_made_good(string left)
    {
        using var folder = new Folder();
        await using var database = await ConsoleDatabase.Create();
        await LeaveBehind(database, folder.File, left);

        await using var console = await Ready(database, folder.File);

        Assert.Equal(7, await Working(console, DemoFile.Read(folder.File)!));
    }

    private static async Task LeaveBehind(ConsoleDatabase database, string file, string left)
    {
        if (left == "a workspace without its people")
        {
            await using var empty = await AccessConsole.Start(database, TimeProvider.System);
            await empty.Open(await empty.Owner(), "demo");
            return;
        }
        await using var other = await ConsoleDatabase.Create();
        await using var console = await Ready(left == "the file alone" ? other : database, file);
        if (left == "no file") File.Delete(file);
        else if (left == "half a file") await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file))[..100]);
        else if (left == "a key that was revoked")
        {
            var demo = DemoFile.Read(file)!;
            var key = ApiKeyText.Read(demo.Tokens["viewer"])!.Value.Key;
            Assert.Equal(204, (await console.Ask(demo.Tokens["admin"], HttpMethod.Delete, $"/api/v1/workspaces/demo/api-keys/{key}")).Status);
        }
    }

    private static async Task<AccessConsole> Ready(ConsoleDatabase database, string file)
    {
        var console = await AccessConsole.Start(database, TimeProvider.System, "--environment=Development", $"--Demo:File={file}");
        var health = console.Services.GetRequiredService<HealthCheckService>();
        await Eventually.Sees(ct => health.CheckHealthAsync(check => check.Name == "demo workspace", ct), report => report.Status == HealthStatus.Healthy);
        return console;
    }

    private static async Task<int> Working(AccessConsole console, DemoFile demo)
    {
        var answers = await Task.WhenAll(demo.Tokens.Select(t => console.Ask(t.Value, HttpMethod.Get, "/api/v1/me")));
        return answers.Count(a => a.Status == 200 && a.Body.GetProperty("workspaces")[0].GetProperty("id").GetString() == demo.Workspace);
    }

    private static async Task<long> Events(ConsoleDatabase database) => (long)(await database.Ask("select count(*) from mt_events"))!;

    private sealed class Folder : IDisposable
    {
        private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("allocora-demo");

        public string File => Path.Combine(folder.FullName, "demo.json");

        public void Dispose() => folder.Delete(recursive: true);
    }
}
