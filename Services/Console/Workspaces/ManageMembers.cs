using Allocora.Contracts;
using Allocora.Contracts.Api;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;

namespace Allocora.Console;

/// <summary>The members of a workspace: who they are, what role they have, and that they go.</summary>
internal static class ManageMembers
{
    private const string Members = "/api/v1/workspaces/{ws}/members";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Members, List).RequirePermission("workspace.read").WithName("ListMembers");
        routes.MapPut($"{Members}/{{person}}", ChangeRole).RequirePermission(MemberRules.Write, freshSession: true).WithName("ChangeRole");
        routes.MapDelete($"{Members}/{{person}}", Remove).RequirePermission(MemberRules.Write).WithName("RemoveMember");
        routes.MapPut($"{Members}/me", StepDown).AllowMembers().WithName("StepDown");
        routes.MapDelete($"{Members}/me", Leave).AllowMembers().WithName("LeaveWorkspace");
    }

    private static async Task<IResult> List(int? limit, string? cursor, AccessReaders readers, People people, HttpContext http, CancellationToken ct)
    {
        if (Paging.WhatIsWrong(limit, cursor) is { } wrong) return Problems.Invalid(new FieldError(wrong.Field, wrong.Message));
        return TypedResults.Ok(await Find(http.Workspace(), Paging.Of(limit, cursor), readers, people, ct));
    }

    public static async Task<Page<MemberOfWorkspace>> Find(string workspace, Paging paging, AccessReaders readers, People people, CancellationToken ct)
    {
        var members = await readers.One.Read(workspace, (connection, _, ct) => Read(connection, paging, ct), ct);
        var names = await people.NamesOf(members.Select(m => m.Id), ct);
        return paging.Page([.. members.Select(m => m with { Name = names.GetValueOrDefault(m.Id) })], m => m.Id);
    }

    private static async Task<List<MemberOfWorkspace>> Read(NpgsqlConnection connection, Paging paging, CancellationToken ct)
    {
        const string query = "select person, role, since from member where $1::text is null or person < $1 order by person desc limit $2";
        await using var command = new NpgsqlCommand(query, connection);
        paging.AddTo(command);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var found = new List<MemberOfWorkspace>();
        while (await reader.ReadAsync(ct)) found.Add(new(reader.GetString(0), Name: null, reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(2)));
        return found;
    }

    private static Task<IResult> StepDown(ChangeRoleRequest body, WorkspaceCommands commands, TimeProvider time, HttpContext http, CancellationToken ct) =>
        ChangeRole(Caller.Of(http).Subject, body, commands, time, http, ct);

    private static Task<IResult> Leave(WorkspaceCommands commands, TimeProvider time, HttpContext http, CancellationToken ct) =>
        Remove(Caller.Of(http).Subject, commands, time, http, ct);

    private static async Task<IResult> ChangeRole(
        string person, ChangeRoleRequest body, WorkspaceCommands commands, TimeProvider time, HttpContext http, CancellationToken ct)
    {
        if (WhyNotThemself(http, person) is { } refusal) return Told.Of(refusal);
        if (!PermissionTable.WorkspaceRoles.Contains(body.Role)) return Problems.Invalid(NoRole());
        var told = await ChangeRoleOf(http.Workspace(), Asking.Of(http), person, body.Role, commands, time, ct);
        return told.Waiting is { } waiting
            ? told.As(new AccessAnswer("waiting", waiting), StatusCodes.Status202Accepted)
            : told.As(new AccessAnswer("done", null));
    }

    public static Task<Told> ChangeRoleOf(
        string workspace, Asking asking, string person, string role, WorkspaceCommands commands, TimeProvider time, CancellationToken ct)
    {
        var approval = NewId.For("apr", time.GetUtcNow());
        return commands.Tell(workspace, asking, state => MemberRules.ChangeRole(state, asking.Person, person, role, approval), ct);
    }

    private static async Task<IResult> Remove(string person, WorkspaceCommands commands, TimeProvider time, HttpContext http, CancellationToken ct)
    {
        if (WhyNotThemself(http, person) is { } refusal) return Told.Of(refusal);
        var told = await RemoveMember(http.Workspace(), Asking.Of(http), person, commands, time, ct);
        return told.Waiting is { } waiting ? told.As(new AccessAnswer("waiting", waiting), StatusCodes.Status202Accepted) : told.Empty();
    }

    public static Task<Told> RemoveMember(
        string workspace, Asking asking, string person, WorkspaceCommands commands, TimeProvider time, CancellationToken ct)
    {
        var approval = NewId.For("apr", time.GetUtcNow());
        return commands.Tell(workspace, asking, state => MemberRules.Remove(state, asking.Person, person, approval), ct);
    }

    // Who got hold of an admin's key would otherwise be rid of the admin.
    private static Refusal? WhyNotThemself(HttpContext http, string person) => person == Caller.Of(http).Subject && http.Features.Get<KeyInForce>() is not null
        ? new("insufficient-scope", "A key cannot change what its owner is here. Sign in.")
        : null;

    public static FieldError NoRole() => new("#/role", $"Give one of {string.Join(", ", PermissionTable.WorkspaceRoles)}.");
}
