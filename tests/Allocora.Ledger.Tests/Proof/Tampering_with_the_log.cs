using Allocora.EventStore;
using Allocora.Testing;

namespace Allocora.Ledger.Tests.Proof;

/// <summary>Whoever is master of the database and knows how it is sealed changes nothing unseen: the API says that, and where.</summary>
public sealed class Tampering_with_the_log : IAsyncLifetime
{
    private static readonly int Rounds = TestSize.Of(100, atLeast: 8);
    private ProvenLedger ledger = null!;
    private int older;

    public async Task InitializeAsync()
    {
        ledger = await ProvenLedger.Start();
        await ledger.Grow(4);
        older = ledger.Events.Count;
        await ledger.Copy("older");
        await ledger.Grow(4);
        await ledger.Copy("whole");
    }

    public async Task DisposeAsync() => await ledger.DisposeAsync();

    [Fact]
    public Task A_changed_event() => Each(async (random, round) =>
    {
        var at = ledger.Events[random.Next(ledger.Events.Count)];
        string[] changes =
        [
            """data = data || '{"Name": "other"}'""", """headers = headers || '{"actor": "usr_2"}'""", "timestamp = timestamp + interval '1 microsecond'",
            "type = 'payout_seen'", "correlation_id = null", "mt_dotnet_type = 'x'", "id = gen_random_uuid()", "version = version + 1000",
        ];
        await Ask($"update mt_events set {changes[round % changes.Length]} where seq_id = {at}");
        return at;
    });

    [Fact]
    public Task A_deleted_event() => Each(async (random, _) =>
    {
        var index = random.Next(ledger.Events.Count);
        var at = ledger.Events[index];
        await Ask($"delete from mt_events where seq_id = {at}; delete from allocora_seal where seq_id = {at}");
        // The first that does not fit is the one after; where a head was signed of the deleted one, all since the head before are in doubt.
        return ledger.Heads.Contains(at) ? FirstInDoubt(at) : ledger.Events[index + 1];
    });

    [Fact]
    public Task An_event_put_in() => Each(async (random, _) =>
    {
        var at = ledger.Gaps[random.Next(ledger.Gaps.Count)];
        await Ask($"""
            insert into mt_events (seq_id, id, stream_id, version, data, type, tenant_id)
            select {at}, gen_random_uuid(), id, version + 1, jsonb_build_object(), 'product_seen', tenant_id from mt_streams
            where tenant_id = '{RunningLedger.Workspace}' limit 1
            """);
        return at;
    });

    [Fact]
    public Task Two_events_that_changed_places() => Each(async (random, _) =>
    {
        var (one, other) = (random.Next(ledger.Events.Count), random.Next(ledger.Events.Count - 1));
        if (other >= one) other++;
        var (first, second) = (ledger.Events[Math.Min(one, other)], ledger.Events[Math.Max(one, other)]);
        await Ask($"update mt_events set seq_id = -1 where seq_id = {first}");
        await Ask($"update mt_events set seq_id = {first} where seq_id = {second}");
        await Ask($"update mt_events set seq_id = {second} where seq_id = -1");
        return first;
    });

    [Fact]
    public Task A_tail_cut_off_and_forgotten() => Each(async (random, _) =>
    {
        var keep = random.Next(1, ledger.Events.Count);
        var at = ledger.Events[keep - 1];
        foreach (var table in new[] { "mt_events", "allocora_seal", "allocora_signed_head" }) await Ask($"delete from {table} where seq_id > {at}");
        await Ask($"""
            update allocora_head set (seq_id, events, chain) = (select seq_id, {keep}, chain from allocora_seal where seq_id = {at})
            where tenant_id = '{RunningLedger.Workspace}'
            """);
        return at + 1;
    });

    [Fact]
    public Task A_log_sealed_anew_behind_a_change() => Each(async (random, _) =>
    {
        var at = ledger.Events[random.Next(ledger.Events.Count)];
        await Ask($"""update mt_events set data = data || '{"{"}"Name": "other"{"}"}' where seq_id = {at}""");
        await SealAnew(at);
        Assert.True((await new Seal(ledger.Running.Database.Tail).Verify(RunningLedger.Workspace, default)).Ok); // by itself it is without fault
        return FirstInDoubt(at);
    });

    [Fact]
    public Task An_older_copy_put_back() => Each(async (_, _) =>
    {
        await ledger.PutBack("older");
        Assert.True((await new Seal(ledger.Running.Database.Tail).Verify(RunningLedger.Workspace, default)).Ok);
        return ledger.Events[older - 1] + 1;
    });

    /// <param name="tamper">Does it, and says where it has to be found.</param>
    private async Task Each(Func<Random, int, Task<long>> tamper)
    {
        for (var round = 0; round < Rounds; round++)
        {
            var bad = await tamper(new Random(round), round);

            var seen = await ledger.Verify();
            Assert.True((false, (long?)bad) == (seen.Ok, seen.FirstBad), $"round {round}: expected {bad}, seen {seen}");

            await ledger.PutBack("whole");
            Assert.True((await ledger.Verify()).Ok);
        }
    }

    /// <summary>The first event behind the last head that was signed before a position.</summary>
    private long FirstInDoubt(long at)
    {
        var agreed = ledger.Heads.LastOrDefault(h => h < at);
        return ledger.Events.First(e => e > agreed);
    }

    /// <summary>As one would who knows the form: new hashes from a position on, and a head that fits.</summary>
    private async Task SealAnew(long from)
    {
        var chain = await Ask($"""
            select chain from allocora_seal where tenant_id = '{RunningLedger.Workspace}' and seq_id < {from} order by seq_id desc limit 1
            """) as byte[] ?? SealChain.Beginning(RunningLedger.Workspace);
        var rows = new List<(long At, byte[] Content, byte[] Leaf)>();
        await using (var command = ledger.Running.Database.Owner.CreateCommand(
            "select seq_id, id, stream_id, version, type, timestamp, data::text, headers::text, mt_dotnet_type, correlation_id, causation_id from mt_events "
            + "where tenant_id = $1 and seq_id >= $2 order by seq_id"))
        {
            command.Parameters.Add(new() { Value = RunningLedger.Workspace });
            command.Parameters.Add(new() { Value = from });
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                var content = CanonicalJson.Hash(reader.GetString(6), reader.GetString(7), reader.GetString(8), reader.GetString(9), reader.GetString(10));
                rows.Add((reader.GetInt64(0), content, SealChain.Leaf(
                    reader.GetInt64(0), reader.GetGuid(1), RunningLedger.Workspace, reader.GetString(2), reader.GetInt64(3), reader.GetString(4),
                    reader.GetFieldValue<DateTimeOffset>(5), content)));
            }
        }
        foreach (var (at, content, leaf) in rows)
        {
            chain = SealChain.Next(chain, leaf);
            await Ask($"""
                update allocora_seal set content = '\x{Convert.ToHexString(content)}', chain = '\x{Convert.ToHexString(chain)}' where seq_id = {at}
                """);
        }
        await Ask($"update allocora_head set chain = '\\x{Convert.ToHexString(chain)}' where tenant_id = '{RunningLedger.Workspace}'");
        await Ask($"delete from allocora_signed_head where seq_id >= {from}");
    }

    private Task<object?> Ask(string statement) => ledger.Running.Database.Ask(statement);
}
