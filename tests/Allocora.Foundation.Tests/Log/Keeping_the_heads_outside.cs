using System.Diagnostics;
using System.Text.Json.Nodes;
using Allocora.EventStore;
using Allocora.Foundation.Tests.Consuming;
using Allocora.Testing;
using Microsoft.Extensions.Logging;
using static Allocora.Foundation.Tests.Log.Make;

namespace Allocora.Foundation.Tests.Log;

/// <summary>The file of the signed heads is somebody else's to touch, too: it is waited for, and what stands in it is not taken on trust.</summary>
public sealed class Keeping_the_heads_outside : IAsyncLifetime
{
    private const string Workspace = "ws_one";
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);
    private readonly string folder = Directory.CreateTempSubdirectory("allocora-heads-").FullName;
    private readonly RecordedLog logged = new();
    private LogDatabase log = null!;
    private HeadKey key = null!, before = null!;
    private HeadFile file = null!;
    private string path = null!;

    public async Task InitializeAsync()
    {
        log = await LogDatabase.Create();
        (key, before) = (HeadKey.Open(Path.Combine(folder, "key.pem")), HeadKey.Open(Path.Combine(folder, "before.pem")));
        path = Path.Combine(folder, "heads.ndjson");
        file = new(path, LogDatabase.Service);
        await file.Add([before.Sign(Head(1))], default);
        await log.Log.Append([Entry("one")], default);
    }

    public async Task DisposeAsync()
    {
        key.Dispose();
        before.Dispose();
        await log.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_file_that_another_holds_is_waited_for_and_told_once()
    {
        using var signer = Signer();
        await using (var other = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            await signer.StartAsync(default);
            await Eventually.Sees(() => logged.Lines.Count, lines => lines > 0);
            await ManyLooks();
            Assert.False(signer.ExecuteTask!.IsCompleted, $"{signer.ExecuteTask.Exception}");
        }
        await Eventually.Sees(_ => log.Ask("select count(*) from allocora_signed_head"), count => count is 1L);
        await ManyLooks();
        await signer.StopAsync(default);

        Assert.Collection(logged.Lines,
            line => Assert.StartsWith("The heads of the log are not signed and will be in 00:00:00.0100000: ", line, StringComparison.Ordinal),
            line => Assert.StartsWith($"The heads were signed with key {before.Id} and are from now on with {key.Id};", line, StringComparison.Ordinal));
        Assert.Equal([before.Id, key.Id], (await file.Of(Workspace, [key, before], default)).Select(h => h.Key));
    }

    [Fact]
    public async Task Who_adds_has_the_file_alone()
    {
        await using (var reader = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read))
            await Assert.ThrowsAsync<IOException>(() => file.Add([key.Sign(Head(2))], default));

        await file.Add([key.Sign(Head(3))], default);
        Assert.Equal([1L, 3L], (await file.Of(Workspace, [key, before], default)).Select(h => h.Sequence));
    }

    [Fact]
    public async Task What_goes_wrong_again_after_it_went_well_is_told_again()
    {
        using var signer = Signer();
        await signer.StartAsync(default);
        for (var trouble = 1; trouble <= 2; trouble++)
        {
            await Eventually.Sees(_ => log.Ask("select count(*) from allocora_signed_head"), count => count is long signed && signed == trouble);
            await log.Ask("alter table allocora_signed_head rename to away");
            await Eventually.Sees(() => logged.Lines.Count(line => line.Contains("42P01", StringComparison.Ordinal)), told => told == trouble);
            await log.Ask("alter table away rename to allocora_signed_head");
            await log.Log.Append([Entry("one")], default);
        }
        await signer.StopAsync(default);
    }

    [Theory]
    [InlineData("""{"Service":"probe"}""")]
    [InlineData("{}")]
    [InlineData("rubbish}")]
    [InlineData("""[{"Service":"probe"}""")]
    public async Task A_line_that_is_no_head_is_refused_by_its_number(string line)
    {
        File.AppendAllText(path, $"{line}\n");

        await Refused();
    }

    [Theory]
    [InlineData("Service")]
    [InlineData("Workspace")]
    [InlineData("Chain")]
    [InlineData("Key")]
    [InlineData("Signature")]
    [InlineData("Sequence")]
    [InlineData("At")]
    public async Task A_head_that_lacks_something_is_refused_by_its_number(string member)
    {
        var whole = File.ReadAllText(path);
        foreach (var isNull in new[] { true, false })
        {
            var head = JsonNode.Parse(whole)!.AsObject();
            head.Remove(member);
            if (isNull) head.Add(member, null);
            File.WriteAllText(path, $"{whole}{head.ToJsonString()}\n");

            await Refused();
        }
    }

    [Fact]
    public async Task A_line_without_its_end_is_what_a_crash_left()
    {
        var whole = File.ReadAllText(path).TrimEnd('\n');
        for (var length = 0; length < whole.Length; length++) File.AppendAllText(path, $"{whole[..length]}\n");
        await file.Add([before.Sign(Head(2))], default);

        Assert.Equal([1L, 2L], (await file.Of(Workspace, [before], default)).Select(h => h.Sequence));
        Assert.Equal(before.Id, await file.LastKey(default));
    }

    [Fact]
    public async Task A_file_somebody_wrote_into_is_told_and_signing_goes_on()
    {
        File.AppendAllText(path, "{}\n");
        using var signer = Signer();

        await signer.StartAsync(default);
        await Eventually.Sees(_ => log.Ask("select count(*) from allocora_signed_head"), count => count is 1L);
        await ManyLooks();
        await signer.StopAsync(default);

        Assert.StartsWith(
            $"Somebody wrote into the file of the signed heads, and who verifies will be refused: Line 2 of {path} ", Assert.Single(logged.Lines),
            StringComparison.Ordinal);
    }

    private async Task Refused()
    {
        foreach (var read in new Func<Task>[] { () => file.Of(Workspace, [key, before], default), () => file.LastKey(default) })
        {
            var refused = await Assert.ThrowsAsync<InvalidDataException>(read);
            Assert.Equal($"Line 2 of {path} is no signed head.", refused.Message);
        }
    }

    private static SignedHead Head(long sequence) =>
        new(LogDatabase.Service, Workspace, sequence, sequence, "00", new(2026, 10, 31, 14, 2, 11, TimeSpan.Zero), "", "");

    private HeadSigner Signer()
    {
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(logged));
        return new(log.Worker, LogDatabase.Service, key, file, new() { Events = 1, Look = Look }, TimeProvider.System, factory.CreateLogger<HeadSigner>());
    }

    private static Task<TimeSpan> ManyLooks()
    {
        var started = Stopwatch.GetTimestamp();
        return Eventually.Sees(() => Stopwatch.GetElapsedTime(started), passed => passed > 50 * Look);
    }
}
