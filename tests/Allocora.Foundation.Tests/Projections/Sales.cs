using System.Text.Json;
using Allocora.EventStore;
using Allocora.Messaging;
using Allocora.Testing;
using Npgsql;

namespace Allocora.Foundation.Tests.Projections;

internal sealed record Sale(string Product, DateOnly Month, long Amount);

/// <summary>Sums of sales, added up, so that whatever is applied twice or never shows.</summary>
internal static class Sales
{
    public const string Name = "sales", Poison = "poison";

    public const string Tables = """
        create table product_month (
          tenant_id text not null,
          product text not null,
          month date not null,
          sales bigint not null,
          total bigint not null,
          primary key (tenant_id, product, month)
        );
        create index product_month_by_month on product_month (tenant_id, month);
        """;

    public static Projection Projection(int version = 1, Action<ProjectionBatch>? then = null, Func<Sale, long>? amount = null, bool sameRows = true) =>
        new(Name, version, Tables, (page, batch) =>
        {
            Add(page, batch, amount ?? (sale => sale.Amount));
            then?.Invoke(batch);
        })
        {
            SameRows = sameRows,
        };

    public static ServiceSchema Schema(params Projection[] projections) => new(LogDatabase.Service, projections, typeof(BrokerConnection).Assembly);

    public static Task<IReadOnlyList<string>> Migrate(this LogDatabase database, params Projection[] projections) =>
        SchemaInstaller.Migrate(database.Owner, Schema(projections), default);

    public static ProjectionRunner Runner(this LogDatabase database, Projection projection, EventFeed? upstream = null) =>
        new(projection, LogDatabase.Service, upstream ?? database.Feed, database.Worker, TimeProvider.System);

    /// <summary>Puts sales into the log as fast as SQL can, in streams of ten, one number in fifty left out as by a rollback.</summary>
    public static async Task Fill(this LogDatabase database, int count)
    {
        var settings = new NpgsqlConnectionStringBuilder(database.AddressOf(LogDatabase.Superuser)) { SearchPath = LogDatabase.Service, CommandTimeout = 300 };
        await using var superuser = NpgsqlDataSource.Create(settings.ConnectionString);
        await using var command = superuser.CreateCommand("""
            with before as (select coalesce(max(seq_id), 0) as last from mt_events),
            streams as (
              insert into mt_streams (tenant_id, id, version)
              select 'ws_' || n % 7, 'sale-' || last + n, 10 from before, generate_series(0, ($1 - 1) / 10) as n
            )
            insert into mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id)
            select last + n + n / 50, gen_random_uuid(), 'sale-' || last + (n - 1) / 10, 1 + (n - 1) % 10,
              jsonb_build_object('Product', 'pro_' || n * 7919::bigint % 97, 'Month', date '2026-01-01' + (n % 12) * 31,
                'Amount', n * 104729::bigint % 100000 - 20000),
              'sale', now(), 'ws_' || (n - 1) / 10 % 7
            from before, generate_series(1, $1) as n
            """);
        command.Parameters.Add(new() { Value = count });
        await command.ExecuteNonQueryAsync();
        await LogDatabase.Ask(superuser, "select setval('mt_events_sequence', (select max(seq_id) from mt_events))");
    }

    public static Task Append(this LogDatabase database, int count, string workspace = "ws_1", string? amount = null) =>
        database.Log.Append([new(workspace, $"live-{workspace}", null, null, [.. Enumerable.Range(0, count).Select(n => Log.Make.Event(
            $$"""{"Product":"pro_{{n % 5}}","Month":"2026-10-01","Amount":{{(amount is null ? n + 1 : $"\"{amount}\"")}}}"""))])], default);

    /// <summary>How many sums are not what the log itself says.</summary>
    public static async Task<long> Wrong(this LogDatabase database, int version = 1, string log = "mt_events") => (long)(await database.Ask($"""
        with told as (
          select tenant_id, data ->> 'Product', (data ->> 'Month')::date, count(*), sum((data ->> 'Amount')::bigint)::bigint
          from {log} group by 1, 2, 3
        ),
        kept as (select tenant_id, product, month, sales, total from probe_sales_v{version}.product_month)
        select (select count(*) from (table told except table kept) as a) + (select count(*) from (table kept except table told) as b)
        """))!;

    /// <summary>Ends connections to the database, as a server that goes away does.</summary>
    public static async Task<long> Cut(this NpgsqlDataSource superuser, string which) => (long)(await LogDatabase.Ask(superuser,
        $"select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and {which}"))!;

    public static async Task<long> Counted(this LogDatabase database, int version = 1) =>
        (long)(await database.Ask($"select coalesce(sum(sales), 0)::bigint from probe_sales_v{version}.product_month"))!;

    public static async Task<long> Position(this LogDatabase database, int version = 1) =>
        (long)(await database.Ask($"select last_seq_id from mt_event_progression where name = 'sales:v{version}'"))!;

    public static async Task<int> Served(this LogDatabase database) =>
        (int)(await database.Ask("select version from projection_current where name = 'sales'"))!;

    private static void Add(IReadOnlyList<StoredEvent> page, ProjectionBatch batch, Func<Sale, long> amount)
    {
        var sums = new Dictionary<(string Workspace, string Product, DateOnly Month), (long Sales, long Total)>();
        foreach (var happened in page)
        {
            var sale = JsonSerializer.Deserialize<Sale>(happened.Data.Span)!;
            var key = (happened.Workspace, sale.Product, sale.Month);
            var (sales, total) = sums.GetValueOrDefault(key);
            sums[key] = (sales + 1, total + amount(sale));
        }
        batch.Add("""
            insert into product_month as p (tenant_id, product, month, sales, total)
            select * from unnest($1, $2, $3, $4, $5)
            on conflict (tenant_id, product, month) do update set sales = p.sales + excluded.sales, total = p.total + excluded.total
            """,
            sums.Keys.Select(k => k.Workspace).ToArray(), sums.Keys.Select(k => k.Product).ToArray(), sums.Keys.Select(k => k.Month).ToArray(),
            sums.Values.Select(v => v.Sales).ToArray(), sums.Values.Select(v => v.Total).ToArray());
    }
}
