using Allocora.EventStore;
using Npgsql;

namespace Allocora.Console;

/// <summary>A key that opens its workspace now, and what it may do there.</summary>
/// <param name="IsWhole">It may all that its role may.</param>
internal sealed record KeyInForce(
    string Id, string Workspace, string Slug, string Name, string Owner, string Role, bool IsWhole, IReadOnlySet<string> Permissions)
{
    public bool Opens(string workspace) => workspace == Workspace || workspace == Slug;
}

/// <summary>Looks up keys by what callers bring. What a key may do is worked out anew each time, from its owner's role of now.</summary>
internal sealed class KeysInForce(ProjectionReader all, TimeProvider time)
{
    /// <returns>Null when the secret is wrong, or the key is not good any more, or its owner is no member any more.</returns>
    public Task<KeyInForce?> Find(string key, string secret, CancellationToken ct) =>
        all.Read(workspace: null, async (connection, _, ct) =>
        {
            const string query = """
                select w.tenant_id, w.slug, w.name, k.owner, k.role, k.permissions, m.role, k.secret, k.old_secret
                  , k.expires_at, k.old_good_until
                from api_key as k
                  join member as m on m.tenant_id = k.tenant_id and m.person = k.owner
                  join workspace as w on w.tenant_id = k.tenant_id
                where k.id = $1 and k.revoked_at is null and k.secret is not null
                """;
            await using var command = new NpgsqlCommand(query, connection);
            command.Parameters.Add(new() { Value = key });
            await using var reader = await command.ExecuteReaderAsync(ct);
            if (!await reader.ReadAsync(ct)) return null;
            var (now, hash) = (time.GetUtcNow(), ApiKeyText.HashOf(secret));
            var isOld = !await reader.IsDBNullAsync(8, ct) && now < reader.GetFieldValue<DateTimeOffset>(10) && MemberRules.SameHash(reader.GetString(8), hash);
            if (!MemberRules.SameHash(reader.GetString(7), hash) && !isOld || now >= reader.GetFieldValue<DateTimeOffset>(9)) return null;
            var narrowed = await reader.IsDBNullAsync(5, ct) ? null : reader.GetFieldValue<string[]>(5);
            var permissions = KeyRules.PermissionsOf(reader.GetString(4), narrowed)
                .Intersect(ServiceDefaults.PermissionTable.Of(reader.GetString(6))).ToHashSet();
            return new KeyInForce(
                key, reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), narrowed is null, permissions);
        }, ct);
}
