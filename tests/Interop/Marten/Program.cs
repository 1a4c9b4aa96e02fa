using Allocora.Contracts.Events;
using Allocora.Interop;
using JasperFx;
using JasperFx.Events;
using JasperFx.Events.Projections;
using JasperFx.MultiTenancy;
using Marten;
using Marten.Events;
using Marten.Events.Projections;
using Npgsql;

// A stock Marten over a log it did not make. "prepare" runs once as the owner and creates Marten's functions beside our tables.
// Without it the program signs in as the marten role, which owns nothing but its documents in the schema reader.
var address = Environment.GetEnvironmentVariable("INTEROP_POSTGRES")!;
var schema = Environment.GetEnvironmentVariable("INTEROP_SCHEMA")!;
var prepares = args is ["prepare"];

await using var store = DocumentStore.For(opts =>
{
    opts.Connection(address);
    opts.DatabaseSchemaName = "reader";
    opts.AutoCreateSchemaObjects = AutoCreate.CreateOrUpdate;
    opts.Events.DatabaseSchemaName = schema;
    opts.Events.StreamIdentity = StreamIdentity.AsString;
    opts.Events.TenancyStyle = TenancyStyle.Conjoined;
    opts.Events.MetadataConfig.CorrelationIdEnabled = true;
    opts.Events.MetadataConfig.CausationIdEnabled = true;
    opts.Events.MetadataConfig.HeadersEnabled = true;
    opts.Events.AddEventType<TransactionRecorded>();
    opts.Policies.AllDocumentsAreMultiTenanted();
    if (!prepares) opts.Projections.Snapshot<Sale>(SnapshotLifecycle.Async);
});

// As the marten role this makes the tables of its own documents; a difference in the log itself it would not be allowed to mend.
await store.Storage.ApplyAllConfiguredChangesToDatabaseAsync();
await store.Storage.Database.AssertDatabaseMatchesConfigurationAsync();
if (prepares) return 0;

using var daemon = await store.BuildProjectionDaemonAsync();
await daemon.StartAllAsync();
await store.WaitForNonStaleProjectionDataAsync(TimeSpan.FromMinutes(1));
await daemon.StopAllAsync();

await using var source = NpgsqlDataSource.Create(address);
await using var sums = source.CreateCommand($"""
    select tenant_id, min(stream_id), count(distinct stream_id), sum((data->>'Gross')::bigint)::bigint
    from {schema}.mt_events where type = 'transaction_recorded' group by tenant_id order by tenant_id
    """);
await using var reader = await sums.ExecuteReaderAsync();
var (tenants, wrong) = (0, 0);
while (await reader.ReadAsync())
{
    var (tenant, stream, streams, sum) = (reader.GetString(0), reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3));
    await using var session = store.QuerySession(tenant);
    var documents = await session.Query<Sale>().ToListAsync();
    var live = await session.Events.AggregateStreamAsync<Sale>(stream);
    var events = await session.Events.FetchStreamAsync(stream);

    var agrees = documents.Count == streams && documents.Sum(s => s.Gross) == sum
        && live?.Gross == documents.Single(s => s.Id == stream).Gross
        && events.Count > 0 && events.All(e => e.Headers?.ContainsKey("schema_version") == true && e.CorrelationId == "corr_1");
    Console.WriteLine($"{tenant}: {streams} streams and {sum} in SQL, {documents.Count} documents and {documents.Sum(s => s.Gross)} in Marten");
    (tenants, wrong) = (tenants + 1, wrong + (agrees ? 0 : 1));
}
return tenants > 0 && wrong == 0 ? 0 : 1;
