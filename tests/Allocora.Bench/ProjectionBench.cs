using System.Text.Json;
using System.Text.Json.Serialization;
using Allocora.EventStore;
using Allocora.Messaging;
using Allocora.Testing;
using Npgsql;

namespace Allocora.Bench;

internal sealed record SaleLine(string Product, string PriceId, long Quantity, long Subtotal, long Discount, long Tax, long Total);

internal sealed record SaleRecorded(
    string TransactionId, string CustomerId, string Country, string Currency, DateTimeOffset BilledAt, long Total, long Tax, long Fee, long Earnings,
    IReadOnlyList<SaleLine> Lines);

[JsonSerializable(typeof(SaleRecorded))]
internal sealed partial class SaleJson : JsonSerializerContext;

/// <summary>How fast a projection catches up from nothing, against the least work that comes to the same rows.</summary>
internal static class ProjectionBench
{
    private const int Events = 200_000;

    private const string Upsert = """
        insert into product_month as p (tenant_id, product, month, sales, total)
        select * from unnest($1, $2, $3, $4, $5)
        on conflict (tenant_id, product, month) do update set sales = p.sales + excluded.sales, total = p.total + excluded.total
        """;

    private static readonly Projection Projection = new("bench", 1, """
        create table product_month (
          tenant_id text not null, product text not null, month int not null, sales bigint not null, total bigint not null,
          primary key (tenant_id, product, month)
        )
        """, (page, batch) => batch.Add(Upsert, Columns(Fold([], page.Select(e => (e.Workspace, Read(e.Data)))))));

    private sealed record Sum(long Sales, long Total);

    public static async Task<Figure> Run()
    {
        await using var log = await LogDatabase.Create();
        await SchemaInstaller.Migrate(log.Owner, new(LogDatabase.Service, [Projection], typeof(Broker).Assembly), CancellationToken.None);
        await Fill(log.As(LogDatabase.Superuser));
        await using var inSchema = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(log.AddressOf($"{LogDatabase.Service}_worker"))
        {
            SearchPath = $"probe_bench_v1, {LogDatabase.Service}",
        }.ConnectionString);
        var runner = new ProjectionRunner(Projection, LogDatabase.Service, log.Feed, log.Worker, TimeProvider.System);
        async Task Reset()
        {
            await log.Ask("truncate probe_bench_v1.product_month");
            await log.Ask("update mt_event_progression set last_seq_id = 0");
        }
        return await Figure.Measure("projection catch-up, 200,000 events", "ev/s", Events, 0.5,
            async () => { await Reset(); await InMemory(inSchema); await Check(log); },
            async () => { await Reset(); await runner.Run(CancellationToken.None); await Check(log); });
    }

    private static async Task InMemory(NpgsqlDataSource source)
    {
        var sums = new Dictionary<(string, string, int), Sum>();
        await using (var command = source.CreateCommand("select tenant_id, data from mt_events order by seq_id"))
        {
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync()) Fold(sums, [(reader.GetString(0), Read(reader.GetString(1)))]);
        }
        await using var write = source.CreateCommand(Upsert);
        foreach (var column in Columns(sums)) write.Parameters.Add(new() { Value = column });
        await write.ExecuteNonQueryAsync();
    }

    private static SaleRecorded Read(ReadOnlyMemory<byte> data) => JsonSerializer.Deserialize(data.Span, SaleJson.Default.SaleRecorded)!;

    private static SaleRecorded Read(string data) => JsonSerializer.Deserialize(data, SaleJson.Default.SaleRecorded)!;

    private static Dictionary<(string, string, int), Sum> Fold(
        Dictionary<(string, string, int), Sum> sums, IEnumerable<(string Workspace, SaleRecorded Sale)> happened)
    {
        foreach (var (workspace, sale) in happened)
        {
            foreach (var line in sale.Lines)
            {
                var key = (workspace, line.Product, sale.BilledAt.Year * 100 + sale.BilledAt.Month);
                var sum = sums.GetValueOrDefault(key) ?? new(0, 0);
                sums[key] = new(sum.Sales + 1, sum.Total + line.Total);
            }
        }
        return sums;
    }

    private static Array[] Columns(Dictionary<(string Workspace, string Product, int Month), Sum> sums) =>
    [
        sums.Keys.Select(k => k.Workspace).ToArray(), sums.Keys.Select(k => k.Product).ToArray(), sums.Keys.Select(k => k.Month).ToArray(),
        sums.Values.Select(s => s.Sales).ToArray(), sums.Values.Select(s => s.Total).ToArray(),
    ];

    private static async Task Check(LogDatabase log)
    {
        var lines = await log.Ask("select sum(sales)::bigint from probe_bench_v1.product_month");
        if (lines is not 2L * Events) throw new InvalidOperationException($"{lines} lines were counted instead of {2 * Events}.");
    }

    private static async Task Fill(NpgsqlDataSource superuser)
    {
        await LogDatabase.Ask(superuser,
            $"insert into mt_streams (tenant_id, id, version) select 'ws_' || n % 10, 'paddle-live-txn_' || n, 1 from generate_series(1, {Events}) as n");
        await LogDatabase.Ask(superuser, $$"""
            insert into mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type)
            select n, gen_random_uuid(), 'paddle-live-txn_' || n, 1, jsonb_build_object(
              'TransactionId', 'txn_01k' || md5(n::text), 'CustomerId', 'ctm_01k' || md5('c' || n), 'Country', 'DE', 'Currency', 'USD',
              'BilledAt', timestamptz '2026-01-01 00:00+00' + n % 300 * interval '1 day', 'Total', n % 90000,
              'Tax', n % 9000, 'Fee', n % 900, 'Earnings', n % 80000,
              'Lines', jsonb_build_array(
                jsonb_build_object('Product', 'pro_' || n % 200, 'PriceId', 'pri_01k' || md5('a' || n), 'Quantity', 1, 'Subtotal', n % 50000,
                  'Discount', 0, 'Tax', n % 5000, 'Total', n % 55000),
                jsonb_build_object('Product', 'pro_' || n % 190, 'PriceId', 'pri_01k' || md5('b' || n), 'Quantity', 2, 'Subtotal', n % 30000,
                  'Discount', 100, 'Tax', n % 3000, 'Total', n % 33000))),
              'transaction_recorded', now(), 'ws_' || n % 10, 'Bench'
            from generate_series(1, {{Events}}) as n
            """);
        await LogDatabase.Ask(superuser, "analyze mt_events");
    }
}
