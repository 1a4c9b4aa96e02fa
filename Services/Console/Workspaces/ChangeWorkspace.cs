using Allocora.Contracts.Api;
using Allocora.Contracts.Events;
using Allocora.ServiceDefaults;
using Npgsql;

namespace Allocora.Console;

/// <summary>A workspace as its members see it, and what an admin changes about it.</summary>
internal static class ChangeWorkspace
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/workspaces/{ws}", Read).RequirePermission("workspace.read").WithName("ReadWorkspace");
        routes.MapPatch("/api/v1/workspaces/{ws}", Change).RequirePermission(MemberRules.Write).WithName(nameof(ChangeWorkspace));
    }

    private static async Task<IResult> Read(AccessReaders readers, HttpContext http, CancellationToken ct) =>
        TypedResults.Ok(await Find(readers, http.Workspace(), ct));

    private static async Task<IResult> Change(
        ChangeWorkspaceRequest body, WorkspaceCommands commands, AccessReaders readers, HttpContext http, CancellationToken ct)
    {
        FieldError[] wrong = [.. WorkspaceSettingsRules.Of(body.Name, body.Currency, body.TimeZone)];
        if (wrong.Length > 0) return Problems.Invalid(wrong);
        var asking = Asking.Of(http);
        var told = await commands.Tell(http.Workspace(), asking, state => MemberRules.Change(state, asking.Person, After(state.Settings!, body)), ct);
        return told.As(await Find(readers, http.Workspace(), ct));
    }

    private static WorkspaceSettings After(WorkspaceSettings before, ChangeWorkspaceRequest asked) =>
        new(asked.Name ?? before.Name, asked.Currency ?? before.Currency, asked.TimeZone ?? before.TimeZone);

    private static Task<WorkspaceDetails> Find(AccessReaders readers, string workspace, CancellationToken ct) =>
        readers.One.Read(workspace, async (connection, _, ct) =>
        {
            await using var command = new NpgsqlCommand("select tenant_id, slug, name, currency, time_zone, opened_at from workspace", connection);
            await using var reader = await command.ExecuteReaderAsync(ct);
            await reader.ReadAsync(ct);
            return new WorkspaceDetails(
                reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetString(4),
                reader.GetFieldValue<DateTimeOffset>(5));
        }, ct);
}
