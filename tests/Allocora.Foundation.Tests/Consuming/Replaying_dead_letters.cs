using System.Diagnostics;
using Allocora.Messaging;
using Allocora.Probe;
using Allocora.Testing;
using Npgsql;

namespace Allocora.Foundation.Tests.Consuming;

public sealed class Replaying_dead_letters : IAsyncLifetime
{
    private NoteDesk desk = null!;
    private bool isFixed;

    public async Task InitializeAsync()
    {
        desk = await NoteDesk.Open();
        await desk.Publish(Enumerable.Range(0, 3).Select(n => new Note(n, Note.Break)));
        var (before, after) = (new Notes(desk.Log.Log, isFixed: false), new Notes(desk.Log.Log, isFixed: true));
        await desk.Consuming((batch, ct) => Volatile.Read(ref isFixed) ? after.Handle(batch, ct) : before.Handle(batch, ct));
        await Eventually.Sees(_ => desk.Count("dead_letter"), n => n == 3, NoteDesk.Patience);
    }

    public async Task DisposeAsync() => await desk.DisposeAsync();

    [Fact]
    public async Task It_is_handled_as_if_it_came_for_the_first_time()
    {
        Volatile.Write(ref isFixed, true);
        var letters = await desk.DeadLetters.Page(DeadLettersOf.All, 0, 10, "open", default);

        Assert.True(await desk.DeadLetters.Replay(letters[1].Id, null, default));
        await desk.KeptAll(1);

        await Eventually.Sees(_ => States(), s => s is ["open|1", "replayed|2", "open|1"], NoteDesk.Patience);
        Assert.Equal([1], await desk.Kept());
        Assert.False(await desk.DeadLetters.Replay(letters[1].Id, null, default));
    }

    [Fact]
    public async Task It_is_open_again_when_it_fails_again()
    {
        var letters = await desk.DeadLetters.Page(DeadLettersOf.All, 0, 10, "open", default);

        Assert.True(await desk.DeadLetters.Replay(letters[0].Id, null, default));

        await Eventually.Sees(_ => States(), s => s is ["open|2", "open|1", "open|1"], NoteDesk.Patience);
        Assert.Empty(await desk.Kept());
    }

    [Fact]
    public async Task One_that_came_by_itself_meanwhile_is_not_doubled()
    {
        Volatile.Write(ref isFixed, true);
        await desk.Publish(new Note(0));
        await desk.KeptAll(1);

        await desk.DeadLetters.Replay((await desk.DeadLetters.Page(DeadLettersOf.All, 0, 10, "open", default))[0].Id, null, default);

        await Eventually.Sees(_ => States(), s => s is ["replayed|2", "open|1", "open|1"], NoteDesk.Patience);
        Assert.Equal([0], await desk.Kept());
    }

    [Fact]
    public async Task A_discarded_one_stays_and_is_not_replayed()
    {
        Volatile.Write(ref isFixed, true);
        var id = (await desk.DeadLetters.Page(DeadLettersOf.All, 0, 10, "open", default))[2].Id;

        Assert.True(await desk.DeadLetters.Discard(id, null, default));

        Assert.False(await desk.DeadLetters.Replay(id, null, default));
        Assert.Equal(["open|1", "open|1", "discarded|1"], await States());
    }

    [Fact]
    public async Task Another_replica_that_is_at_it_is_not_disturbed()
    {
        Volatile.Write(ref isFixed, true);
        await using var other = await desk.Log.Worker.OpenConnectionAsync();
        await Claim("pg_advisory_lock");
        await desk.DeadLetters.Replay((await desk.DeadLetters.Page(DeadLettersOf.All, 0, 10, "open", default))[0].Id, null, default);

        // It looks once a second.
        var asked = Stopwatch.GetTimestamp();
        await Eventually.Sees(() => Stopwatch.GetElapsedTime(asked), passed => passed > TimeSpan.FromSeconds(3.5));
        Assert.Equal(["replaying|1", "open|1", "open|1"], await States());

        await Claim("pg_advisory_unlock");
        await Eventually.Sees(_ => States(), s => s is ["replayed|2", "open|1", "open|1"], NoteDesk.Patience);

        async Task Claim(string function)
        {
            await using var claim = new NpgsqlCommand($"select {function}(hashtext('replay {NoteDesk.Queue}'))", other);
            await claim.ExecuteNonQueryAsync();
        }
    }

    [Fact]
    public async Task They_are_listed_page_by_page()
    {
        var first = await desk.DeadLetters.Page(DeadLettersOf.All, 0, 2, null, default);
        var second = await desk.DeadLetters.Page(DeadLettersOf.All, first[^1].Id, 2, null, default);

        Assert.Equal(["note-0", "note-1"], first.Select(l => l.MessageId));
        Assert.Equal(["note-2"], second.Select(l => l.MessageId));
        Assert.Equal((NoteDesk.Queue, Note.Workspace, Note.Type, "rule-broken", 1), (
            first[0].Consumer, first[0].Workspace, first[0].Type, first[0].ReasonCode, first[0].Attempts));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => desk.DeadLetters.Page(DeadLettersOf.All, 0, DeadLetters.PageMax + 1, null, default));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => desk.DeadLetters.Page(DeadLettersOf.All, 0, 0, null, default));
    }

    [Fact]
    public async Task Who_acts_for_a_workspace_sees_and_turns_its_own_and_no_other()
    {
        var orphan = NoteDesk.Properties(new(9));
        orphan.Headers!.Remove("tenant-id");
        await desk.Publish(orphan, new Note(9, Note.Break).ToBody());
        await Eventually.Sees(_ => desk.Count("dead_letter"), n => n == 4, NoteDesk.Patience);
        var source = desk.Log.As("probe_app");
        var app = new DeadLetters(source);

        Assert.Equal(3, (await app.Page(new(Note.Workspace), 0, 10, null, default)).Count);
        Assert.Empty(await app.Page(new("ws_other"), 0, 10, null, default));
        Assert.Empty(await app.Page(DeadLettersOf.All, 0, 10, null, default));
        var all = await desk.DeadLetters.Page(DeadLettersOf.All, 0, 10, null, default);
        Assert.Equal(4, all.Count);
        Assert.False(await app.Discard(all[0].Id, "ws_other", default));
        Assert.False(await app.Discard(all[3].Id, null, default));
        Assert.True(await app.Discard(all[0].Id, Note.Workspace, default));
        foreach (var statement in new[]
        {
            "delete from dead_letter", "update dead_letter set body = ''", "insert into dead_letter default values", "select * from attempt_started",
        })
        {
            var refused = await Assert.ThrowsAsync<PostgresException>(() => LogDatabase.Ask(source, statement));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        }
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, (await Assert.ThrowsAsync<PostgresException>(
            () => LogDatabase.Ask(desk.Log.Tail, "select * from dead_letter"))).SqlState);
    }

    private Task<IReadOnlyList<string>> States() => desk.Rows("select state, attempts from dead_letter order by id");
}
