using Npgsql;

namespace Allocora.Connector;

/// <summary>The source was disconnected while something was still to be done with its key.</summary>
internal sealed class NoKeyException(string source) : Exception($"The source {source} has no key any more.");

/// <summary>Opens the key that a source's calls carry. Whoever gets it wipes it.</summary>
internal sealed class OpenKey([FromKeyedServices("connector_worker")] NpgsqlDataSource worker, KeyVault vault)
{
    public async Task<PaddleAccess> Open(Source source, CancellationToken ct)
    {
        await using var command = worker.CreateCommand($"""
            select {CredentialRows.SealedColumns} from credential as c
            where c.tenant_id = $1 and c.source_id = $2 and c.purpose = 'api-key' and c.state = 'active'
            """);
        command.Parameters.Add(new() { Value = source.Workspace });
        command.Parameters.Add(new() { Value = source.Id });
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct)) throw new NoKeyException(source.Id);
        var (name, kept) = CredentialRows.Read(reader, 0, source.Workspace, source.Id, source.Environment);
        return new(source.Workspace, source.Environment, vault.Open(name, kept));
    }
}
