using Allocora.Contracts.Api;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;

namespace Allocora.Console;

/// <summary>What admins have asked for, and what another admin says to it.</summary>
internal static class DecideAccess
{
    private const string Path = "/api/v1/workspaces/{ws}/approvals";
    private const int ReasonMax = 500;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, List).RequirePermission(ApprovalRules.Approves).WithName("ListAccessRequests");
        routes.MapPost($"{Path}/{{id}}/approve", Approve).RequirePermission(ApprovalRules.Approves, freshSession: true).WithName("ApproveAccess");
        routes.MapPost($"{Path}/{{id}}/reject", Reject).RequirePermission(ApprovalRules.Approves).WithName("RejectAccess");
        routes.MapPost($"{Path}/{{id}}/withdraw", Withdraw).RequirePermission("workspace.read").WithName("WithdrawAccess");
    }

    private static async Task<IResult> Approve(
        string id, ApproveAccessRequest body, WorkspaceCommands commands, HttpContext http, CancellationToken ct)
    {
        return (await ApproveRequest(http.Workspace(), Asking.Of(http), id, body, commands, ct)).As(new AccessAnswer("done", id));
    }

    public static Task<Told> ApproveRequest(
        string workspace, Asking asking, string id, ApproveAccessRequest body, WorkspaceCommands commands, CancellationToken ct) =>
        commands.Tell(workspace, asking, (state, now) => ApprovalRules.Approve(state, asking.Person, id, body.ContentHash, now), ct);

    private static async Task<IResult> Reject(string id, RejectAccessRequest body, WorkspaceCommands commands, HttpContext http, CancellationToken ct)
    {
        if (WhatIsWrong(body) is { } wrong) return Problems.Invalid(wrong);
        return (await RejectRequest(http.Workspace(), Asking.Of(http), id, body, commands, ct)).Empty();
    }

    public static FieldError? WhatIsWrong(RejectAccessRequest body) => string.IsNullOrWhiteSpace(body.Reason) || body.Reason.Length > ReasonMax
        ? new("#/reason", $"Give a reason of 1 to {ReasonMax} characters.")
        : null;

    public static Task<Told> RejectRequest(
        string workspace, Asking asking, string id, RejectAccessRequest body, WorkspaceCommands commands, CancellationToken ct) =>
        commands.Tell(workspace, asking, state => ApprovalRules.Reject(state, asking.Person, id, body.Reason), ct);

    private static async Task<IResult> Withdraw(string id, WorkspaceCommands commands, HttpContext http, CancellationToken ct) =>
        (await WithdrawRequest(http.Workspace(), Asking.Of(http), id, commands, ct)).Empty();

    public static Task<Told> WithdrawRequest(string workspace, Asking asking, string id, WorkspaceCommands commands, CancellationToken ct) =>
        commands.Tell(workspace, asking, state => ApprovalRules.Withdraw(state, asking.Person, id), ct);

    private static async Task<IResult> List(int? limit, string? cursor, AccessReaders readers, HttpContext http, CancellationToken ct)
    {
        if (Paging.WhatIsWrong(limit, cursor) is { } wrong) return Problems.Invalid(new FieldError(wrong.Field, wrong.Message));
        return TypedResults.Ok(await Find(http.Workspace(), Paging.Of(limit, cursor), readers, isOpen: null, ct));
    }

    /// <param name="isOpen">Only those that wait, or only those that do not; null for both.</param>
    public static async Task<Page<AccessRequest>> Find(string workspace, Paging paging, AccessReaders readers, bool? isOpen, CancellationToken ct) =>
        paging.Page(await readers.One.Read(workspace, (connection, _, ct) => Read(connection, paging, isOpen, ct), ct), r => r.Id);

    private static async Task<List<AccessRequest>> Read(NpgsqlConnection connection, Paging paging, bool? isOpen, CancellationToken ct)
    {
        const string query = """
            select id, kind, target, beneficiary, from_role, to_role, key_name, content_hash, state, requested_by, requested_at, decided_by, decided_at, reason
            from approval where ($1::text is null or id < $1) and ($3::boolean is null or (state = 'open') = $3) order by id desc limit $2
            """;
        await using var command = new NpgsqlCommand(query, connection);
        paging.AddTo(command);
        command.Parameters.Add(new() { Value = (object?)isOpen ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Boolean });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var found = new List<AccessRequest>();
        while (await reader.ReadAsync(ct))
        {
            found.Add(new(
                reader.GetString(0), reader.GetString(1), reader.GetString(2), await Text(3), await Text(4), reader.GetString(5), await Text(6),
                reader.GetString(7), reader.GetString(8), reader.GetString(9), reader.GetFieldValue<DateTimeOffset>(10), await Text(11),
                await reader.IsDBNullAsync(12, ct) ? null : reader.GetFieldValue<DateTimeOffset>(12), await Text(13)));
        }
        return found;

        async Task<string?> Text(int column) => await reader.IsDBNullAsync(column, ct) ? null : reader.GetString(column);
    }
}
