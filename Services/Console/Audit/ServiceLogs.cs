using Allocora.EventStore;
using Npgsql;

namespace Allocora.Console;

/// <summary>The logs themselves, the Console's own and those upstream, as roles that read them and write nothing there.</summary>
internal sealed class ServiceLogs(IReadOnlyDictionary<string, NpgsqlDataSource> sources)
{
    /// <summary>The seals of events of one workspace, by their places in the log.</summary>
    public async Task<IReadOnlyDictionary<long, (string Content, string Chain)>> Seals(
        string log, string workspace, IReadOnlyCollection<long> sequences, CancellationToken ct)
    {
        await using var command = sources[log].CreateCommand(
            "select seq_id, content, chain from allocora_seal where tenant_id = $1 and seq_id = any ($2)");
        command.Parameters.Add(new() { Value = workspace });
        command.Parameters.Add(new() { Value = sequences.ToArray() });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var seals = new Dictionary<long, (string, string)>();
        while (await reader.ReadAsync(ct))
            seals.Add(reader.GetInt64(0),
                (Convert.ToHexStringLower(reader.GetFieldValue<byte[]>(1)), Convert.ToHexStringLower(reader.GetFieldValue<byte[]>(2))));
        return seals;
    }

    /// <summary>Where a workspace's chain stands; null when the log holds nothing of it.</summary>
    public async Task<(long Events, string Chain)?> Head(string log, string workspace, CancellationToken ct)
    {
        await using var command = sources[log].CreateCommand("select events, chain from allocora_head where tenant_id = $1");
        command.Parameters.Add(new() { Value = workspace });
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? (reader.GetInt64(0), Convert.ToHexStringLower(reader.GetFieldValue<byte[]>(1))) : null;
    }

    public Task<Verification> Verify(string log, string workspace, CancellationToken ct) => new Seal(sources[log]).Verify(workspace, ct);

    /// <summary>A log whose database, schema or role is not there.</summary>
    public static bool IsAway(Exception e) => e is NpgsqlException or TimeoutException;
}
