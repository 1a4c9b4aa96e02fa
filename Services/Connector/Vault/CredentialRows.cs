using Npgsql;

namespace Allocora.Connector;

/// <summary>What may be known of a secret by whoever may see the source.</summary>
internal sealed record SecretLabel(string Masked, string? KeyId, DateTimeOffset? ExpiresAt);

/// <summary>The table <c>credential</c>.</summary>
internal static class CredentialRows
{
    public const string ApiKey = "api-key", Webhook = "webhook";
    public const string SealedColumns = "c.purpose, c.version, c.form, c.kek_id, c.wrap_nonce, c.wrapped, c.nonce, c.ciphertext, c.commitment, c.fingerprint";

    /// <param name="at">The first of the <see cref="SealedColumns"/>.</param>
    public static (SecretName Name, SealedSecret Sealed) Read(NpgsqlDataReader row, int at, string workspace, string source, string environment) => (
        new(workspace, source, row.GetString(at), row.GetInt32(at + 1), environment),
        new(row.GetInt16(at + 2), row.GetString(at + 3), Bytes(row, at + 4), Bytes(row, at + 5), Bytes(row, at + 6), Bytes(row, at + 7), Bytes(row, at + 8),
            Bytes(row, at + 9)));

    public static NpgsqlBatchCommand Insert(SecretName name, SealedSecret kept, SecretLabel label, DateTimeOffset now) => new("""
        insert into credential (
          tenant_id, source_id, purpose, version, state, form, kek_id, wrap_nonce, wrapped, nonce, ciphertext, commitment, fingerprint, masked, key_id
          , expires_at, created_at)
        values ($1, $2, $3, $4, 'active', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        """)
    {
        Parameters =
        {
            new() { Value = name.Workspace }, new() { Value = name.Source }, new() { Value = name.Purpose }, new() { Value = name.Version },
            new() { Value = kept.Form }, new() { Value = kept.Kek }, new() { Value = kept.WrapNonce }, new() { Value = kept.Wrapped },
            new() { Value = kept.Nonce }, new() { Value = kept.Ciphertext }, new() { Value = kept.Commitment }, new() { Value = kept.Fingerprint },
            new() { Value = label.Masked }, SourceRows.Maybe(label.KeyId), SourceRows.Maybe(label.ExpiresAt), new() { Value = now },
        },
    };

    /// <summary>Until <paramref name="until"/> the key is kept beside the one that comes after it; null throws it away now.</summary>
    public static NpgsqlBatchCommand Retire(string workspace, string source, DateTimeOffset? until) => until is null
        ? Delete(workspace, source, ApiKey)
        : new("""
            update credential set state = 'grace', grace_until = $3
            where tenant_id = $1 and source_id = $2 and purpose = 'api-key' and state = 'active'
            """)
        {
            Parameters = { new() { Value = workspace }, new() { Value = source }, new() { Value = until } },
        };

    public static NpgsqlBatchCommand Delete(string workspace, string source, string purpose) =>
        new("delete from credential where tenant_id = $1 and source_id = $2 and purpose = $3")
        {
            Parameters = { new() { Value = workspace }, new() { Value = source }, new() { Value = purpose } },
        };

    private static byte[] Bytes(NpgsqlDataReader row, int column) => row.GetFieldValue<byte[]>(column);
}
