using Allocora.Contracts;
using Allocora.Contracts.Api;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;

namespace Allocora.Ledger;

/// <summary>Whether the adjustments known are all there are, over the whole workspace.</summary>
internal static class ReadCompleteness
{
    private const int ShownMax = 200;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/workspaces/{ws}/ledger/completeness", Handle).RequirePermission("revenue.read").WithName(nameof(ReadCompleteness));

    private static async Task<IResult> Handle(HttpContext http, [FromKeyedServices(Books.Name)] ProjectionReader books, CancellationToken ct)
    {
        var workspace = http.Workspace();
        return TypedResults.Ok(await books.Read(workspace, async (connection, _, stop) =>
        {
            const string count = $"select c.state, count(*) from ({Completeness.Query} where o.tenant_id = $1 and o.kind = 'sale') as c group by c.state";
            var sales = new SortedDictionary<string, long>(StringComparer.Ordinal);
            await using (var command = new NpgsqlCommand(count, connection) { Parameters = { new() { Value = workspace } } })
            await using (var reader = await command.ExecuteReaderAsync(stop))
                while (await reader.ReadAsync(stop)) sales.Add(reader.GetString(0), reader.GetInt64(1));
            var differences = sales.ContainsKey(Completeness.Difference)
                ? await Of(
                    connection, "where o.tenant_id = $1 and o.kind = 'sale' and s.adjusted_total <> o.total + a.effects order by o.provider_id", stop,
                    workspace)
                : [];
            return new CompletenessReport(sales, [.. differences.Where(d => d.State == Completeness.Difference).Take(ShownMax)]);
        }, ct));
    }

    /// <param name="which">The end of the query: which sales, in which order.</param>
    public static async Task<List<SaleCompleteness>> Of(NpgsqlConnection connection, string which, CancellationToken ct, params string[] values)
    {
#pragma warning disable CA2100 // ends of this service
        await using var command = new NpgsqlCommand($"{Completeness.Query} {which}", connection);
#pragma warning restore CA2100
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        var sales = new List<SaleCompleteness>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var currency = Currency.Parse(reader.GetString(3));
            var books = new Money(reader.GetInt64(4), currency);
            Money? paddle = reader.IsDBNull(5) ? null : new(reader.GetInt64(5), currency);
            sales.Add(new(
                reader.GetString(2), reader.GetString(1), reader.GetString(7), books, paddle, paddle is { } by ? books - by : null,
                reader.IsDBNull(6) ? null : reader.GetFieldValue<DateTimeOffset>(6)));
        }
        return sales;
    }
}
