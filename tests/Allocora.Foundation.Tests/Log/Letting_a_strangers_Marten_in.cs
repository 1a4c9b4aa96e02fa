using Allocora.EventStore;
using Allocora.Testing;
using Npgsql;
using static Allocora.Foundation.Tests.Log.Make;

namespace Allocora.Foundation.Tests.Log;

[Collection(nameof(MigrateCommand))] // one environment and one console for all of them
public sealed class Letting_a_strangers_Marten_in : IAsyncLifetime
{
    private const string Role = $"{LogDatabase.Service}_marten", Key = $"ConnectionStrings__{LogDatabase.Service}_owner";
    private static readonly string[] Log = ["mt_streams", "mt_events", "allocora_seen", "allocora_seal", "allocora_head", "allocora_script"];
    private LogDatabase log = null!;
    private NpgsqlDataSource marten = null!;

    public async Task InitializeAsync()
    {
        log = await LogDatabase.Create();
        await log.Log.Append([Entry("one", "a", events: 2), Entry("two", "b", workspace: "ws_two")], default);
        // As whoever runs the server would: the role signs in, and the owner may hand things to it.
        await LogDatabase.Ask(log.As(LogDatabase.Superuser), $"""
            do $$ begin
              perform pg_advisory_xact_lock(hashtext('{Role}'));
              if not exists (select from pg_roles where rolname = '{Role}') then
                create role {Role} login password '{Role}';
                grant {Role} to {LogDatabase.Service}_owner;
              end if;
            end $$
            """);
        Assert.Equal(0, await Prepare());
        marten = log.As(Role);
    }

    public async Task DisposeAsync() => await log.DisposeAsync();

    [Fact]
    public async Task It_reads_the_log_of_every_workspace_and_how_far_it_goes()
    {
        Assert.Equal(3L, await LogDatabase.Ask(marten, "select count(*) from mt_events"));
        Assert.Equal(2L, await LogDatabase.Ask(marten, "select count(*) from mt_streams"));
        Assert.Equal(3L, await LogDatabase.Ask(marten, "select last_value from mt_events_sequence"));
    }

    [Fact]
    public async Task It_changes_nothing_of_the_log_and_nothing_beside_it()
    {
        foreach (var table in Log)
        {
            await Refused($"insert into {table} default values");
            await Refused($"delete from {table}");
            await Refused($"truncate {table} cascade");
            await Refused($"alter table {table} add column stranger int");
            await Refused($"create index on {table} ((1))");
            await Refused($"alter table {table} disable row level security");
            await Refused($"drop table {table} cascade");
        }
        // The policies above already stop it, and so do the grants, each by itself.
        Assert.Equal("SELECT", await log.Ask($"""
            select string_agg(distinct privilege_type, ',') from information_schema.role_table_grants
            where grantee = '{Role}' and (table_name in ('mt_streams', 'mt_events') or table_name like 'allocora%')
            """));
        await Refused("update mt_events set data = '{}'");
        await Refused("update mt_streams set version = 1");
        await Refused("select nextval('mt_events_sequence')");
        await Refused("alter sequence mt_events_sequence restart");
        await Refused("create table stranger (a int)");
        await Refused("create function allocora_leaf_head() returns int language sql as 'select 1'");
        await Refused("drop schema probe cascade");
        await Refused("set role probe_owner");
        await Assert.ThrowsAsync<PostgresException>(() => new EventLog(marten).Append([Entry("three", "c")], default));
        Assert.Equal(3L, await LogDatabase.Ask(marten, "select count(*) from mt_events"));
    }

    [Fact]
    public async Task It_keeps_its_own_books()
    {
        string[] statements =
        [
            "insert into mt_event_progression (name, last_seq_id) values ('HighWaterMark', 1), ('Stranger:All', 1)",
            "update mt_event_progression set last_seq_id = 2 where name = 'Stranger:All'",
            "delete from mt_event_progression where name = 'Stranger:All'",
            "insert into mt_high_water_skips (ending_sequence, starting_sequence) values (2, 1)",
            "delete from mt_high_water_skips",
            "insert into mt_doc_deadletterevent (id, data) values (gen_random_uuid(), '{}')",
            "delete from mt_doc_deadletterevent",
            "create table reader.mt_doc_total (id text primary key, data jsonb)",
            "alter table reader.mt_doc_total add column mt_version uuid",
            "create function reader.mt_upsert_total() returns int language sql as 'select 1'",
        ];
        foreach (var statement in statements) await LogDatabase.Ask(marten, statement);

        Assert.Equal(1L, await LogDatabase.Ask(marten, "select last_seq_id from mt_event_progression where name = 'HighWaterMark'"));
        Assert.Equal(Role, await log.Ask("select nspowner::regrole::text from pg_namespace where nspname = 'reader'"));
    }

    [Fact]
    public async Task Preparing_again_changes_nothing()
    {
        const string state = """
            select md5(string_agg(line, e'\n' order by line)) from (
              select format('%s %s %s', relname, relacl, relrowsecurity) from pg_class where relnamespace::regnamespace::text in ('probe', 'reader')
              union all select format('%s %s %s %s', tablename, policyname, roles, qual) from pg_policies
              union all select format('%s %s %s', nspname, nspowner, nspacl) from pg_namespace) as s(line)
            """;
        var before = await log.Ask(state);

        Assert.Equal(0, await Prepare());
        Assert.Equal(before, await log.Ask(state));
    }

    [Fact]
    public async Task What_belongs_to_us_is_as_closed_as_before()
    {
        Assert.Equal(0L, await LogDatabase.Ask(log.As($"{LogDatabase.Service}_app"), "select count(*) from mt_events"));
        foreach (var role in new[] { "app", "worker", "tail" })
            Assert.Equal(false, await log.Ask($"select pg_has_role('{LogDatabase.Service}_{role}', '{Role}', 'member')"));
        Assert.Equal(0L, await log.Ask($"select count(*) from pg_auth_members where member = '{Role}'::regrole"));
    }

    private async Task Refused(string statement)
    {
        var refused = await Assert.ThrowsAsync<PostgresException>(() => LogDatabase.Ask(marten, statement));
        Assert.True(refused.SqlState == PostgresErrorCodes.InsufficientPrivilege, $"{statement}: {refused.Message}");
    }

    private async Task<int> Prepare()
    {
        Environment.SetEnvironmentVariable(Key, log.AddressOf($"{LogDatabase.Service}_owner"));
        var before = Console.Out;
        try
        {
            Console.SetOut(TextWriter.Null);
            return await PrepareMartenCommand.Run(LogDatabase.Schema);
        }
        finally
        {
            Console.SetOut(before);
            Environment.SetEnvironmentVariable(Key, null);
        }
    }
}
