using Allocora.EventStore;
using Allocora.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using static Allocora.Foundation.Tests.Log.Make;

namespace Allocora.Foundation.Tests.Log;

/// <summary>Whoever can replace log and seal together cannot replace what was signed and kept elsewhere.</summary>
public sealed class Signing_the_heads : IAsyncLifetime
{
    private const string Workspace = "ws_one";
    private readonly string folder = Directory.CreateTempSubdirectory("allocora-heads-").FullName;
    private readonly ManualTime time = new();
    private readonly List<HeadKey> keys = [];
    private LogDatabase log = null!;
    private HeadFile file = null!;

    public async Task InitializeAsync()
    {
        log = await LogDatabase.Create();
        file = new(Path.Combine(folder, "outside", "heads.ndjson"), LogDatabase.Service);
        keys.Add(HeadKey.Open(Path.Combine(folder, "key.pem")));
    }

    public async Task DisposeAsync()
    {
        foreach (var key in keys) key.Dispose();
        await log.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Every_workspace_that_grew_gets_one_and_one_that_did_not_gets_none()
    {
        await Append(3);
        await Append(2, "ws_two");
        Assert.Equal(2, await Signer().Run(default));
        Assert.Equal(0, await Signer().Run(default));

        await Append(1, "ws_two");
        Assert.Equal(0, await Signer().Run(default));
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(1, await Signer().Run(default));

        Assert.Equal([(3L, 3L)], (await Outside()).Select(h => (h.Sequence, h.Events)));
        Assert.Equal([(5L, 2L), (6L, 3L)], (await file.Of("ws_two", keys, default)).Select(h => (h.Sequence, h.Events)));
        Assert.Equal(3L, await log.Ask("select count(*) from allocora_signed_head"));
    }

    [Fact]
    public async Task So_many_events_do_not_wait_for_the_minute()
    {
        await Append(1);
        await Signer().Run(default);

        await Append(9);
        Assert.Equal(0, await Signer(events: 10).Run(default));
        await Append(1);
        Assert.Equal(1, await Signer(events: 10).Run(default));
    }

    [Theory]
    [InlineData("Sequence", "4")]
    [InlineData("Events", "4")]
    [InlineData("Chain", "\"00\"")]
    [InlineData("Workspace", "\"ws_two\"")]
    [InlineData("Service", "\"other\"")]
    [InlineData("At", "\"2027-01-01T00:00:00+00:00\"")]
    [InlineData("Key", "\"0123456789abcdef\"")]
    [InlineData("Signature", "\"AAAA\"")]
    [InlineData("Signature", "\"not base 64\"")]
    public async Task A_head_that_was_altered_is_refused(string member, string value)
    {
        await Append(3);
        await Signer().Run(default);
        var path = Path.Combine(folder, "outside", "heads.ndjson");
        var head = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(path))!;
        head[member] = System.Text.Json.Nodes.JsonNode.Parse(value);
        File.AppendAllText(path, $"{head.ToJsonString()}\n");

        var refused = await Assert.ThrowsAsync<InvalidDataException>(() => file.Of(Workspace, keys, default));

        Assert.StartsWith("Line 2 of ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_holds_what_was_signed_agrees_with_it()
    {
        await Grow();

        Assert.True((await Verify()).Ok);
        await Append(5);
        Assert.True((await Verify()).Ok);
    }

    [Fact]
    public async Task An_older_copy_put_back_is_found_where_it_ends()
    {
        for (var round = 0; round < TestSize.Of(100, atLeast: 5); round++)
        {
            var end = await Head();
            await Copy("older");
            await Grow();
            await Restore("older");
            Assert.True((await new Seal(log.Tail).Verify(Workspace, default)).Ok); // by itself it is without fault

            Assert.Equal(end + 1, (await Verify()).FirstBad);

            await Forget();
        }
    }

    [Fact]
    public async Task An_older_copy_that_went_on_from_there_is_found_after_the_last_head_that_agrees()
    {
        await Grow();
        var end = await Head();
        await Copy("older");
        await Grow();
        await Restore("older");
        await Append(50);
        Assert.True((await new Seal(log.Tail).Verify(Workspace, default)).Ok);

        Assert.Equal(end + 1, (await Verify()).FirstBad);
    }

    [Fact]
    public async Task A_log_that_was_sealed_anew_after_a_change_is_found()
    {
        for (var round = 0; round < TestSize.Of(100, atLeast: 5); round++)
        {
            await Append(1);
            await Signer(events: 1).Run(default);
            var first = await Head() + 1;
            await Append(1);
            await Signer(events: 1).Run(default);
            await Append(3);
            var after = await log.Feed.All(after: first - 1);

            await log.Ask($"""
                delete from mt_events where seq_id >= {first}; delete from allocora_seal where seq_id >= {first};
                delete from mt_streams s where not exists (select from mt_events e where e.stream_id = s.id);
                update allocora_head h set (seq_id, events, chain) =
                  (select max(s.seq_id), h.events - {after.Count}, (array_agg(s.chain order by s.seq_id desc))[1] from allocora_seal s);
                select setval('mt_events_sequence', {first - 1})
                """);
            // By way of the append function itself, so that everything in the database agrees.
            await log.Log.Append([.. after.Select(e => Entry(e.Stream) with { Events = [Event("""{"Amount":"666"}""")] })], default);
            Assert.True((await new Seal(log.Tail).Verify(Workspace, default)).Ok);

            Assert.Equal(first, (await Verify()).FirstBad);
            await Forget();
        }
    }

    [Fact]
    public async Task A_key_is_made_once_for_its_owner_alone_and_found_again()
    {
        var path = Path.Combine(folder, "deep", "key.pem");
        var opened = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => HeadKey.Open(path))));
        keys.AddRange(opened);

        Assert.Single(opened.Select(k => k.Id).Distinct());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal([path], Directory.GetFiles(Path.Combine(folder, "deep")));
        using var readOnly = HeadKey.Of(opened[0].PublicPem);
        Assert.True(readOnly.HasSigned(opened[0].Sign(new("probe", Workspace, 1, 1, "00", time.GetUtcNow(), "", ""))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("rubbish")]
    [InlineData("another curve")]
    public void A_file_that_is_no_such_key_is_named(string content)
    {
        using var other = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP384);
        var path = Path.Combine(folder, "wrong.pem");
        File.WriteAllText(path, content == "another curve" ? other.ExportPkcs8PrivateKeyPem() : content);

        var refused = Assert.Throws<OptionsValidationException>(() => HeadKey.Open(path));

        Assert.StartsWith($"Heads__KeyFile: {path} is not a private key on P-256", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_crash_left_of_a_line_spoils_no_other()
    {
        await Append(1);
        await Signer(events: 1).Run(default);
        var path = Path.Combine(folder, "outside", "heads.ndjson");
        var whole = File.ReadAllText(path);
        File.AppendAllText(path, whole[..(whole.Length / 2)]);

        await Append(1);
        await Signer(events: 1).Run(default);

        Assert.Equal([1L, 2L], (await Outside()).Select(h => h.Sequence));
        Assert.Equal(keys[0].Id, await file.LastKey(default));
    }

    [Fact]
    public async Task Two_who_write_at_once_lose_no_line()
    {
        var head = keys[0].Sign(new(LogDatabase.Service, Workspace, 1, 1, "00", time.GetUtcNow(), "", ""));
        var path = Path.Combine(folder, "outside", "heads.ndjson");

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++) await Eventually.Sees(async ct => { await new HeadFile(path, "probe").Add([head], ct); return true; }, done => done);
        })));

        Assert.Equal(200, (await Outside()).Count);
    }

    [Fact]
    public async Task Of_two_heads_of_one_position_both_have_to_agree()
    {
        await Grow();
        var last = (await Outside())[^1];
        await file.Add([keys[0].Sign(last with { Chain = new string('0', 64) })], default);

        Assert.False((await Verify()).Ok);
    }

    [Fact]
    public async Task A_part_of_the_log_begins_where_a_head_says()
    {
        await Grow();
        var first = (await Outside())[0];
        Assert.True((await new Seal(log.Tail).Verify(Workspace, default, await Outside(), after: first.Sequence)).Ok);
        var other = keys[0].Sign(first with { Chain = new string('0', 64) });

        Assert.False((await new Seal(log.Tail).Verify(Workspace, default, [other], after: first.Sequence)).Ok);
    }

    [Fact]
    public async Task A_service_signs_by_itself_and_goes_on_after_PostgreSQL_was_away()
    {
        await Append(3);
        using var host = Hosts.With(
            b =>
            {
                b.Services.AddSingleton(TimeProvider.System);
                b.Services.Configure<HeadOptions>(b.Configuration.GetSection("Heads"));
                b.AddDatabase(LogDatabase.Schema).AddSignedHeads(LogDatabase.Schema);
            },
            ("ConnectionStrings:probe", log.AddressOf("probe_app")), ("ConnectionStrings:probe_worker", log.AddressOf("probe_worker")),
            ("Heads:KeyFile", Path.Combine(folder, "key.pem")), ("Heads:File", Path.Combine(folder, "outside", "heads.ndjson")),
            ("Heads:Events", "1"), ("Heads:Look", "00:00:00.1"));
        await host.StartAsync();
        await Eventually.Sees(_ => Outside(), heads => heads.Count == 1);

        const string cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = 'probe_worker' and datname = current_database()";
        await LogDatabase.Ask(log.As(LogDatabase.Superuser), cut);
        await new EventLog(log.As("probe_worker")).Append([Entry("more")], default);
        await Eventually.Sees(_ => Outside(), heads => heads.Any(h => h.Events == 4));
        await host.StopAsync();
    }

    private HeadSigner Signer(int events = 1000) =>
        new(log.Worker, LogDatabase.Service, keys[0], file, new() { Events = events }, time, NullLogger<HeadSigner>.Instance);

    private Task<IReadOnlyList<SignedHead>> Outside() => file.Of(Workspace, keys, default);

    private async Task<Verification> Verify() => await new Seal(log.Tail).Verify(Workspace, default, await Outside());

    private async Task<long> Head() => (await new Seal(log.Tail).Verify(Workspace, default)) is { Events: > 0 } ? await log.Feed.Head(default) : 0;

    private async Task Append(int events, string workspace = Workspace) =>
        await log.Log.Append([.. Enumerable.Range(0, events).Select(i => Entry($"stream-{Guid.NewGuid():N}", workspace: workspace))], default);

    private async Task Grow()
    {
        for (var head = 0; head < 3; head++)
        {
            await Append(7);
            await Signer(events: 1).Run(default);
        }
    }

    // What was signed so far is forgotten, so that the next round begins with a log that agrees with itself and nothing else.
    private async Task Forget()
    {
        File.Delete(Path.Combine(folder, "outside", "heads.ndjson"));
        await log.Ask("delete from allocora_signed_head");
        await Append(1);
        await Signer(events: 1).Run(default);
    }

    private static readonly string[] Tables = ["mt_streams", "mt_events", "allocora_seen", "allocora_seal", "allocora_head", "allocora_signed_head"];

    private async Task Copy(string name)
    {
        foreach (var table in Tables) await log.Ask($"drop table if exists {name}_{table}; create table {name}_{table} as select * from {table}");
        await log.Ask($"drop table if exists {name}_sequence; create table {name}_sequence as select last_value, is_called from mt_events_sequence");
    }

    private async Task Restore(string name)
    {
        await log.Ask($"truncate {string.Join(", ", Tables)}");
        foreach (var table in Tables) await log.Ask($"insert into {table} select * from {name}_{table}");
        await log.Ask($"select setval('mt_events_sequence', last_value, is_called) from {name}_sequence");
    }
}
