using Allocora.EventStore;
using Npgsql;

namespace Allocora.Console;

internal sealed record Membership(string Workspace, string Slug, string Name, string Role);

/// <summary>Who is a member of which workspace.</summary>
/// <param name="all">Sees every workspace: it is not known yet which one is asked for.</param>
internal sealed class Memberships(ProjectionReader all)
{
    private const int ListedMax = 200;

    private const string Query = """
        select w.tenant_id, w.slug, w.name, m.role from member as m join workspace as w on w.tenant_id = m.tenant_id where m.person = $1
        """;

    public Task<IReadOnlyList<Membership>> Of(string person, CancellationToken ct) =>
        all.Read<IReadOnlyList<Membership>>(workspace: null, async (connection, _, ct) =>
        {
            await using var command = new NpgsqlCommand($"{Query} order by w.name, w.tenant_id limit $2", connection);
            command.Parameters.Add(new() { Value = person });
            command.Parameters.Add(new() { Value = ListedMax });
            return await Read(command, ct);
        }, ct);

    /// <param name="workspace">Its id or its slug.</param>
    public Task<Membership?> Find(string person, string workspace, CancellationToken ct) =>
        all.Read(workspace: null, async (connection, _, ct) =>
        {
            await using var command = new NpgsqlCommand($"{Query} and (w.tenant_id = $2 or w.slug = $2)", connection);
            command.Parameters.Add(new() { Value = person });
            command.Parameters.Add(new() { Value = workspace });
            return (await Read(command, ct)).SingleOrDefault();
        }, ct);

    private static async Task<List<Membership>> Read(NpgsqlCommand command, CancellationToken ct)
    {
        await using var reader = await command.ExecuteReaderAsync(ct);
        var found = new List<Membership>();
        while (await reader.ReadAsync(ct)) found.Add(new(reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3)));
        return found;
    }
}
