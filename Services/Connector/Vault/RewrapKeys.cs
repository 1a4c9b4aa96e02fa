using System.Security.Cryptography;
using Npgsql;

namespace Allocora.Connector;

/// <summary>
/// Wraps anew what is still wrapped with another key than the current one. What holds the secrets themselves is not touched. It may be ended
/// at any moment: a batch is done or is not, and the next start goes on.
/// </summary>
internal sealed partial class RewrapKeys(
    [FromKeyedServices("connector_worker")] NpgsqlDataSource worker, KeyVault vault, TimeProvider time, ILogger<RewrapKeys> logger) : BackgroundService
{
    private const int BatchSize = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);
    private static readonly Place Start = new("", "", "", 0);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Regularly.Do(Pause, Run, e => Failed(e.Message, Pause), time, stoppingToken);

    /// <summary>Goes once over all that needs it, and says how many there were.</summary>
    public async Task<int> Run(CancellationToken ct)
    {
        var (done, after) = (0, (Place?)Start);
        while (after is not null)
        {
            (var more, after) = await RunBatch(after, ct);
            done += more;
        }
        if (done == 0) return 0;
        var left = await Left(ct);
        if (left == 0) NoneLeft(done, vault.Current);
        else SomeLeft(done, vault.Current, left);
        return done;
    }

    // By place, as a row that does not open would otherwise be met again and again.
    private async Task<(int Done, Place? Last)> RunBatch(Place after, CancellationToken ct)
    {
        await using var connection = await worker.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var rows = await Take(connection, transaction, after, ct);
        var done = rows.Select(row => (row.Name, Sealed: Rewrap(row.Name, row.Sealed))).Where(row => row.Sealed is not null).ToList();
        const string update = """
            update credential as c set kek_id = $1, wrap_nonce = n.wrap_nonce, wrapped = n.wrapped, fingerprint = n.fingerprint
            from unnest($2, $3, $4, $5, $6, $7, $8) as n(tenant_id, source_id, purpose, version, wrap_nonce, wrapped, fingerprint)
            where c.tenant_id = n.tenant_id and c.source_id = n.source_id and c.purpose = n.purpose and c.version = n.version
            """;
        await using var command = new NpgsqlCommand(update, connection, transaction);
        command.Parameters.Add(new() { Value = vault.Current });
        command.Parameters.Add(new() { Value = done.Select(row => row.Name.Workspace).ToArray() });
        command.Parameters.Add(new() { Value = done.Select(row => row.Name.Source).ToArray() });
        command.Parameters.Add(new() { Value = done.Select(row => row.Name.Purpose).ToArray() });
        command.Parameters.Add(new() { Value = done.Select(row => row.Name.Version).ToArray() });
        command.Parameters.Add(new() { Value = done.Select(row => row.Sealed!.WrapNonce).ToArray() });
        command.Parameters.Add(new() { Value = done.Select(row => row.Sealed!.Wrapped).ToArray() });
        command.Parameters.Add(new() { Value = done.Select(row => row.Sealed!.Fingerprint).ToArray() });
        await command.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
        return (done.Count, rows.Count < BatchSize ? null : Place.Of(rows[^1].Name));
    }

    private async Task<List<(SecretName Name, SealedSecret Sealed)>> Take(
        NpgsqlConnection connection, NpgsqlTransaction transaction, Place after, CancellationToken ct)
    {
        const string query = $"""
            select c.tenant_id, c.source_id, s.environment, {CredentialRows.SealedColumns}
            from credential as c join source as s on s.tenant_id = c.tenant_id and s.id = c.source_id
            where c.kek_id <> $1 and (c.tenant_id, c.source_id, c.purpose, c.version) > ($2, $3, $4, $5)
            order by c.tenant_id, c.source_id, c.purpose, c.version
            limit $6 for update of c skip locked
            """;
        await using var command = new NpgsqlCommand(query, connection, transaction);
        command.Parameters.Add(new() { Value = vault.Current });
        command.Parameters.Add(new() { Value = after.Workspace });
        command.Parameters.Add(new() { Value = after.Source });
        command.Parameters.Add(new() { Value = after.Purpose });
        command.Parameters.Add(new() { Value = after.Version });
        command.Parameters.Add(new() { Value = BatchSize });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<(SecretName, SealedSecret)>();
        while (await reader.ReadAsync(ct)) rows.Add(CredentialRows.Read(reader, 3, reader.GetString(0), reader.GetString(1), reader.GetString(2)));
        return rows;
    }

    private SealedSecret? Rewrap(SecretName name, SealedSecret kept)
    {
        try
        {
            return vault.Rewrap(name, kept);
        }
        catch (CryptographicException e)
        {
            DoesNotOpen(name.Purpose, name.Version, name.Source, kept.Kek, e.Message);
            return null;
        }
    }

    private async Task<long> Left(CancellationToken ct)
    {
        await using var command = worker.CreateCommand("select count(*) from credential where kek_id <> $1");
        command.Parameters.Add(new() { Value = vault.Current });
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    [LoggerMessage(LogLevel.Information, "{Count} secrets are wrapped anew with {Key}. None is wrapped with another key now: others may leave the settings")]
    private partial void NoneLeft(int count, string key);

    [LoggerMessage(LogLevel.Information, "{Count} secrets are wrapped anew with {Key}; {Left} are still wrapped with another key")]
    private partial void SomeLeft(int count, string key, long left);

    [LoggerMessage(LogLevel.Error, "The {Purpose} secret {Version} of source {Source}, wrapped with {Key}, does not open: {Reason}")]
    private partial void DoesNotOpen(string purpose, int version, string source, string key, string reason);

    [LoggerMessage(LogLevel.Warning, "Secrets could not be wrapped anew and will be in {Pause}: {Reason}")]
    private partial void Failed(string reason, TimeSpan pause);

    private sealed record Place(string Workspace, string Source, string Purpose, int Version)
    {
        public static Place Of(SecretName name) => new(name.Workspace, name.Source, name.Purpose, name.Version);
    }
}
