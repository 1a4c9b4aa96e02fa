using Allocora.Contracts;
using Allocora.EventStore;
using NpgsqlTypes;

namespace Allocora.Connector.Tests;

/// <summary>Objects and skipped rows as a sync leaves them.</summary>
internal static class Register
{
    public const string Workspace = "ws_one", Other = "ws_two";

    public static async Task Source(this ConnectorDatabase database, string id = "src_one", string workspace = Workspace)
    {
        await using var command = database.Owner.CreateCommand("""
            insert into source (tenant_id, id, name, environment, currencies, custom_data_keys, interval_minutes, state, lacks, connected_at, version)
            values ($1, $2, 'Shop', 'live', '{}', '{}', 60, 'active', '{}', now(), 1)
            """);
        command.Parameters.Add(new() { Value = workspace });
        command.Parameters.Add(new() { Value = id });
        await command.ExecuteNonQueryAsync();
    }

    public static async Task Object(
        this ConnectorDatabase database, string id, string standing, string? reason = null, string? transaction = null,
        string workspace = Workspace, bool told = false)
    {
        await using var command = database.Owner.CreateCommand("""
            insert into provider_object (
              tenant_id, environment, provider_id, kind, source_id, status, created_at, updated_at, revision, content, standing, reason,
              transaction_id, is_open, told_revision)
            values ($1, 'live', $2, case when $5::text is null then 'transaction' else 'adjustment' end, 'src_one', 'completed', now(), now(),
              sha256($2::bytea), sha256('c'), $3, $4, $5, false, case when $6 then sha256('before') end)
            """);
        command.Parameters.Add(new() { Value = workspace });
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = standing });
        command.Parameters.Add(new() { Value = (object?)reason ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = (object?)transaction ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = told });
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>An object that is skipped, and its entry in the register.</summary>
    public static async Task<string> Skipped(
        this ConnectorDatabase database, string providerId, string reason = "zero-amount", string? transaction = null,
        string workspace = Workspace, bool told = false)
    {
        await database.Object(providerId, "skipped", reason, transaction, workspace, told);
        var id = NewId.For("skp", DateTimeOffset.UtcNow);
        await using var command = database.Owner.CreateCommand("""
            insert into skipped_row (tenant_id, id, source_id, environment, provider_id, kind, reason, detail, amount, currency, provider_status, occurred_at,
              revision, first_run, last_run, opened_at, status)
            select tenant_id, $1, source_id, environment, provider_id, kind, $2, 'Its total is 0.', -250, 'USD', status, created_at, revision,
              'run_1', 'run_2', now(), 'open'
            from provider_object where tenant_id = $3 and provider_id = $4
            """);
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = reason });
        command.Parameters.Add(new() { Value = workspace });
        command.Parameters.Add(new() { Value = providerId });
        await command.ExecuteNonQueryAsync();
        return id;
    }

    public static AskedBy By(string person, string? command = null) => new(person, new Origin(Actor: person, Via: "session:ses_1"), command);
}
