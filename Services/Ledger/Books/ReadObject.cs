using Allocora.Contracts;
using Allocora.Contracts.Api;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;

namespace Allocora.Ledger;

/// <summary>One object of Paddle's, from what it comes to down to the events of the log.</summary>
internal static class ReadObject
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/workspaces/{ws}/ledger/objects/{id}", Handle).RequirePermission("revenue.read").WithName(nameof(ReadObject));

    private static async Task<IResult> Handle(
        string id, HttpContext http, [FromKeyedServices(Books.Name)] ProjectionReader books, [FromKeyedServices("ledger")] NpgsqlDataSource database,
        CancellationToken ct)
    {
        var workspace = http.Workspace();
        foreach (var environment in new[] { "live", "sandbox" })
        {
            var entries = IsPlain(id) ? await ReadEntries.Of(database, workspace, Taken.StreamOf(environment, id), ct) : [];
            if (entries.Count == 0) continue;
            var read = await books.Read(workspace, (connection, _, stop) => Read(connection, workspace, environment, id, stop), ct);
            var contradictions = ReadContradictions.Of(entries.Select(e => e.Stored), environment);
            return TypedResults.Ok(new LedgerObject(
                environment, id, read?.Kind ?? "unknown", read?.Transaction ?? id, read?.Status ?? "unknown", read?.UpdatedAt ?? entries[^1].Entry.RecordedAt,
                read?.Total ?? contradictions[0].Says, read?.Adjustments ?? [], read?.Completeness, read?.Facts ?? [], contradictions,
                [.. entries.Select(e => e.Entry)]));
        }
        return Problems.Refuse(StatusCodes.Status404NotFound, "not-found", "The ledger holds nothing of this id in this workspace.");
    }

    private static bool IsPlain(string id) => id.Length <= 64 && id.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private static async Task<State?> Read(NpgsqlConnection connection, string workspace, string environment, string id, CancellationToken ct)
    {
        const string facts = $"""
            select {FactColumns.All} from fact as f where f.tenant_id = $1 and f.environment = $2 and f.transaction_id = $4 and f.provider_id = $3
            order by f.seq, f.part
            """;
        const string state = """
            select o.kind, o.transaction_id, o.status, o.updated_at, o.currency, o.total,
              array(select w.provider_id from object as w where w.tenant_id = o.tenant_id and w.environment = o.environment
                and w.transaction_id = o.provider_id and w.provider_id <> o.provider_id order by w.provider_id)
            from object as o where o.tenant_id = $1 and o.environment = $2 and o.provider_id = $3
            """;
        State found;
        await using (var command = new NpgsqlCommand(state, connection) { Parameters = { Of(workspace), Of(environment), Of(id) } })
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            if (!await reader.ReadAsync(ct)) return null;
            found = new(
                reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetFieldValue<DateTimeOffset>(3),
                new(reader.GetInt64(5), Currency.Parse(reader.GetString(4))), reader.GetFieldValue<string[]>(6));
        }
        await using (var command = new NpgsqlCommand(facts, connection) { Parameters = { Of(workspace), Of(environment), Of(id), Of(found.Transaction) } })
            found = found with { Facts = [.. (await FactColumns.Read(command, ct)).Select(f => f.Fact)] };
        return found.Kind != FactRow.Sale ? found : found with
        {
            Completeness = (await ReadCompleteness.Of(
                connection, "where o.tenant_id = $1 and o.environment = $2 and o.provider_id = $3", ct, workspace, environment, id)).SingleOrDefault(),
        };
    }

    private static NpgsqlParameter Of(string value) => new() { Value = value };

    private sealed record State(string Kind, string Transaction, string Status, DateTimeOffset UpdatedAt, Money Total, IReadOnlyList<string> Adjustments)
    {
        public IReadOnlyList<FactDetails> Facts { get; init; } = [];
        public SaleCompleteness? Completeness { get; init; }
    }
}
