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
    public async Task The_tail_cannot_append() => Assert.Equal(
        PostgresErrorCodes.InsufficientPrivilege,
        (await Assert.ThrowsAsync<PostgresException>(() => new EventLog(log.Tail).Append([Entry("one", "f")], default))).SqlState);

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
