using System.Reflection;
using Npgsql;

namespace Allocora.EventStore;

/// <summary>
/// <c>dotnet Allocora.X.dll prepare-marten</c>: lets a stranger's Marten work on the log as <c>x_marten</c>, which reads all of it,
/// keeps its documents in the schema <c>reader</c> and changes nothing of ours.
/// </summary>
public static class PrepareMartenCommand
{
    public static Task<int> Run(ServiceSchema schema) => MigrateCommand.AsOwner(schema, "prepared for Marten", async owner =>
    {
        await Prepare(owner, schema.Service, CancellationToken.None);
        return $"The role {schema.Service}_marten may read the log of {schema.Service} and owns the schema reader.";
    });

    private static async Task Prepare(NpgsqlDataSource owner, string service, CancellationToken ct)
    {
        using var script = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("prepare-marten")!);
        await using var connection = await owner.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var place = new NpgsqlCommand(
            "select set_config('allocora.service', $1, true), set_config('search_path', $1 || ', pg_temp', true)", connection, transaction);
        place.Parameters.Add(new() { Value = service });
        await place.ExecuteNonQueryAsync(ct);
#pragma warning disable CA2100 // a script of this program
        await using var prepare = new NpgsqlCommand(await script.ReadToEndAsync(ct), connection, transaction);
#pragma warning restore CA2100
        await prepare.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
    }
}
