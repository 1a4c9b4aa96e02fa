using Npgsql;

namespace Allocora.Connector;

internal sealed class OpenKey(NpgsqlDataSource worker, KeyVault vault)
{
    public async Task<PaddleAccess?> Open(Source source, CancellationToken ct)
    {
        await using var command = worker.CreateCommand("""
            select version, form, kek_id, wrap_nonce, wrapped, nonce, ciphertext, commitment, fingerprint from credential
            where tenant_id = $1 and source_id = $2 and purpose = 'api-key' and state = 'active'
            """);
        command.Parameters.Add(new() { Value = source.Workspace });
        command.Parameters.Add(new() { Value = source.Id });
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct)) return null;
        var secret = vault.Open(new(source.Workspace, source.Id, "api-key", reader.GetInt32(0), source.Environment), new(
            reader.GetInt16(1), reader.GetString(2), reader.GetFieldValue<byte[]>(3), reader.GetFieldValue<byte[]>(4), reader.GetFieldValue<byte[]>(5),
            reader.GetFieldValue<byte[]>(6), reader.GetFieldValue<byte[]>(7), reader.GetFieldValue<byte[]>(8)));
        return new(source.Workspace, source.Environment, secret);
    }
}

internal sealed class StopSource
{
    public Task Stop(string workspace, string source, string because, CancellationToken ct) => throw new NotSupportedException(workspace + source + because + ct);
}
