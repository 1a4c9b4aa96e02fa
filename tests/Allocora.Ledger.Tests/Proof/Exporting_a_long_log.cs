using System.Diagnostics;
using Allocora.Testing;
using Xunit.Abstractions;

namespace Allocora.Ledger.Tests.Proof;

public sealed class Exporting_a_long_log(ITestOutputHelper output)
{
    private const int MegabytesMax = 200, RatioMax = 4;

    [Fact]
    public async Task It_takes_little_longer_than_PostgreSQL_itself_and_little_memory()
    {
        await using var ledger = await ProvenLedger.Start();
        var count = TestSize.Of(1_000_000, atLeast: 50_000);
        await Fill(ledger, count);

        var (baseline, ours, peak) = (TimeSpan.MaxValue, TimeSpan.MaxValue, 0L);
        for (var round = 0; round < 2; round++)
        {
            var watch = Stopwatch.StartNew();
            await Copy(ledger);
            baseline = watch.Elapsed < baseline ? watch.Elapsed : baseline;
            watch.Restart();
            peak = Math.Max(peak, await Export(ledger));
            ours = watch.Elapsed < ours ? watch.Elapsed : ours;
        }

        output.WriteLine($"{count} events: {ours.TotalSeconds:0.00} s, COPY {baseline.TotalSeconds:0.00} s, {peak / 1024 / 1024} MB more");
        Assert.True(ours < RatioMax * baseline, $"{ours} against {baseline} of COPY");
        Assert.True(peak < MegabytesMax * 1024L * 1024, $"{peak} bytes more");
    }

    // Of the size of a sale; the seals are only as long as real ones.
    private static async Task Fill(ProvenLedger ledger, int count)
    {
        await ledger.Grow(1);
        await ledger.Running.Database.Ask($"""
            with filled as (
              insert into mt_events (seq_id, id, stream_id, version, data, type, tenant_id, mt_dotnet_type, headers)
              select nextval('mt_events_sequence'), gen_random_uuid(), e.stream_id, e.version + n,
                (select jsonb_object_agg('Amount' || i, jsonb_build_object('Amount', i::text, 'Currency', 'USD')) from generate_series(1, 30) as i),
                'transaction_recorded', e.tenant_id, e.mt_dotnet_type, e.headers
              from (select * from mt_events where seq_id = {ledger.Events[^1]}) as e, generate_series(1, {count}) as n
              returning seq_id, tenant_id
            )
            insert into allocora_seal select seq_id, tenant_id, sha256('content'), sha256('chain') from filled
            """);
        await ledger.Running.Database.Ask("analyze");
    }

    private static async Task Copy(ProvenLedger ledger)
    {
        await using var connection = await ledger.Running.Database.Owner.OpenConnectionAsync();
        using var copy = await connection.BeginTextExportAsync("""
            copy (select e.seq_id, e.id, e.stream_id, e.version, e.type, e.mt_dotnet_type, e.timestamp, e.data, e.headers, e.correlation_id, e.causation_id,
              s.content, s.chain from mt_events as e left join allocora_seal as s using (seq_id) order by e.seq_id) to stdout (format csv)
            """);
        var piece = new char[256 * 1024];
        while (await copy.ReadAsync(piece) > 0)
        {
            // as psql does that writes it to nowhere
        }
    }

    private static async Task<long> Export(ProvenLedger ledger)
    {
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        var (before, peak, read) = (process.WorkingSet64, 0L, 0L);
        await using var file = await ledger.Running.As("ledger.verify").GetStreamAsync(new Uri($"{ProvenLedger.Ledger}/export", UriKind.Relative));
        var piece = new byte[256 * 1024];
        for (var pieces = 0; await file.ReadAsync(piece) is > 0 and var length; pieces++)
        {
            read += length;
            if (pieces % 256 != 0) continue;
            process.Refresh();
            peak = Math.Max(peak, process.WorkingSet64 - before);
        }
        Assert.True(read > 1_000_000);
        return peak;
    }
}
