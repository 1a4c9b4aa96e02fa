using Allocora.EventStore;
using Allocora.Testing;
using Npgsql;
using static Allocora.Foundation.Tests.Log.Make;

namespace Allocora.Foundation.Tests.Log;

public sealed class Who_may_touch_the_log : IAsyncLifetime
{
    private static readonly string[] Tables = ["mt_streams", "mt_events", "allocora_seen", "allocora_seal", "allocora_head"];
    private LogDatabase log = null!;

    public async Task InitializeAsync()
    {
        log = await LogDatabase.Create();
        await log.Log.Append([Entry("one", "a"), Entry("two", "b", workspace: "ws_two")], default);
    }

    public async Task DisposeAsync() => await log.DisposeAsync();

    [Theory]
    [InlineData("app")]
    [InlineData("worker")]
    [InlineData("tail")]
    public async Task Nobody_changes_a_row_by_hand(string role)
    {
        var source = log.As($"{LogDatabase.Service}_{role}");
        foreach (var table in Tables)
        {
            string[] statements =
                [$"delete from {table}", $"update {table} set tenant_id = 'x'", $"truncate {table} cascade", $"insert into {table} default values"];
            foreach (var statement in statements)
            {
                var refused = await Assert.ThrowsAsync<PostgresException>(() => LogDatabase.Ask(source, statement));
                Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
            }
        }
        var numbers = await Assert.ThrowsAsync<PostgresException>(() => LogDatabase.Ask(source, "select nextval('mt_events_sequence')"));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, numbers.SqlState);
    }

    [Fact]
    public async Task The_service_sees_the_workspace_of_its_transaction_and_no_other()
    {
        var app = log.As($"{LogDatabase.Service}_app");

        Assert.Equal([0L, 0L, 0L, 0L, 0L], await Counts(app, null));
        Assert.Equal([1L, 1L, 1L, 1L, 1L], await Counts(app, "ws_one"));
        Assert.Equal([0L, 0L, 0L, 0L, 0L], await Counts(app, "ws_other"));
    }

    [Theory]
    [InlineData("worker")]
    [InlineData("tail")]
    public async Task Worker_and_tail_see_every_workspace(string role) =>
        Assert.Equal([2L, 2L, 2L, 2L, 2L], await Counts(log.As($"{LogDatabase.Service}_{role}"), null));

    [Fact]
    public async Task The_service_appends_for_the_workspace_of_its_transaction_and_no_other()
    {
        var app = log.As($"{LogDatabase.Service}_app");
        await using var connection = await app.OpenConnectionAsync();
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await new NpgsqlCommand("set local app.workspace_id = 'ws_one'", connection, transaction).ExecuteNonQueryAsync();
            Assert.Equal(Outcome.Appended, Assert.Single(await EventLog.Append(transaction, [Entry("one", "c")], default)).Outcome);
            var refused = await Assert.ThrowsAsync<PostgresException>(() => EventLog.Append(transaction, [Entry("two", "d", workspace: "ws_two")], default));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        }
        // After the transaction the setting is an empty text, which is nobody's workspace.
        await using var later = await connection.BeginTransactionAsync();
        await Assert.ThrowsAsync<PostgresException>(() => EventLog.Append(later, [Entry("one", "e", workspace: "")], default));
    }

    [Fact]
    public async Task The_service_sees_the_signed_heads_of_its_workspace_and_of_no_other()
    {
        await SignHeads();
        var app = log.As($"{LogDatabase.Service}_app");

        Assert.Equal([], await Workspaces(app, null));
        Assert.Equal(["ws_one"], await Workspaces(app, "ws_one"));
        Assert.Equal(["ws_two"], await Workspaces(app, "ws_two"));
        Assert.Equal([], await Workspaces(app, "ws_other"));
        Assert.Equal(["ws_one", "ws_two"], await Workspaces(log.Tail, null));
    }

    [Theory]
    [InlineData("app", "insert update delete truncate")]
    [InlineData("tail", "insert update delete truncate")]
    [InlineData("worker", "update delete truncate")]
    public async Task A_head_that_was_signed_stays_as_it_is(string role, string refusals)
    {
        await SignHeads();
        var name = $"{LogDatabase.Service}_{role}";
        foreach (var refusal in refusals.Split(' '))
        {
            // Of the grant itself: a policy that lets nothing through would not be told from one that is missing.
            Assert.Equal(false, await log.Ask($"select has_table_privilege('{name}', 'allocora_signed_head', '{refusal}')"));
            var statement = refusal switch
            {
                "insert" => $"{Sign} values ('ws_one', 9, 9, '', now(), '', '')",
                "update" => "update allocora_signed_head set events = 0",
                "delete" => "delete from allocora_signed_head",
                _ => "truncate allocora_signed_head",
            };
            // The workspace is set, so nothing but the missing right stands in the way.
            var refused = await Assert.ThrowsAsync<PostgresException>(
                () => LogDatabase.Ask(log.As(name), $"select set_config('app.workspace_id', 'ws_one', true); {statement}"));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        }
    }

    [Fact]
    public async Task The_tail_cannot_append() => Assert.Equal(
        PostgresErrorCodes.InsufficientPrivilege,
        (await Assert.ThrowsAsync<PostgresException>(() => new EventLog(log.Tail).Append([Entry("one", "f")], default))).SqlState);

    private const string Sign = "insert into allocora_signed_head (tenant_id, seq_id, events, chain, at, key_id, signature)";

    private Task<object?> SignHeads() =>
        LogDatabase.Ask(log.Worker, $"{Sign} select tenant_id, seq_id, events, chain, now(), 'key', '\\x00' from allocora_head");

    private static async Task<List<string>> Workspaces(NpgsqlDataSource source, string? workspace)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        if (workspace is not null) await new NpgsqlCommand($"set local app.workspace_id = '{workspace}'", connection, transaction).ExecuteNonQueryAsync();
        await using var command = new NpgsqlCommand("select tenant_id from allocora_signed_head order by tenant_id", connection, transaction);
        await using var reader = await command.ExecuteReaderAsync();
        var workspaces = new List<string>();
        while (await reader.ReadAsync()) workspaces.Add(reader.GetString(0));
        return workspaces;
    }

    private static async Task<List<long>> Counts(NpgsqlDataSource source, string? workspace)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        if (workspace is not null) await new NpgsqlCommand($"set local app.workspace_id = '{workspace}'", connection, transaction).ExecuteNonQueryAsync();
        var counts = new List<long>();
        foreach (var table in Tables)
        {
            await using var count = new NpgsqlCommand($"select count(*) from {table}", connection, transaction);
            counts.Add((long)(await count.ExecuteScalarAsync())!);
        }
        return counts;
    }
}
