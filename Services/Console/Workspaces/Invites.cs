using Allocora.Contracts;
using Allocora.EventStore;
using Npgsql;

namespace Allocora.Console;

/// <summary>How an invite was taken.</summary>
/// <param name="Joined">Null if it was refused.</param>
internal sealed record InviteTaken(Refusal? Refusal, Membership? Joined, bool IsShown = true);

/// <summary>Lets in who brings the token of an invite. The token is the invite's id and a secret, of which only the hash is kept.</summary>
internal sealed class Invites(WorkspaceCommands commands, AccessReaders readers)
{
    private const int IdLength = 30;

    public static string TokenOf(string invite, string secret) => $"{invite}_{secret}";

    /// <param name="origin">The person and their session.</param>
    public async Task<InviteTaken> Accept(string token, string person, Origin origin, CancellationToken ct)
    {
        if (token.Length < IdLength + 2 || token[IdLength] != '_' || !NewId.Is("inv", token[..IdLength])
            || await WorkspaceOf(token[..IdLength], ct) is not { } found)
            return new(MemberRules.NotThere("invite"), null);
        var (invite, hash) = (token[..IdLength], ApiKeyText.HashOf(token[(IdLength + 1)..]));
        var told = await commands.Tell(
            found.Workspace, new(person, new HashSet<string>(), origin, Command: null), (state, now) => MemberRules.Join(state, person, invite, hash, now), ct);
        return new(told.Refusal, told.Refusal is null ? found : null, told.IsShown);
    }

    private Task<Membership?> WorkspaceOf(string invite, CancellationToken ct) => readers.All.Read(workspace: null, async (connection, _, ct) =>
    {
        const string query = "select w.tenant_id, w.slug, w.name, i.role from invite as i join workspace as w on w.tenant_id = i.tenant_id where i.id = $1";
        await using var command = new NpgsqlCommand(query, connection);
        command.Parameters.Add(new() { Value = invite });
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? new Membership(reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3)) : null;
    }, ct);
}
