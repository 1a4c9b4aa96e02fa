using Allocora.Contracts;
using Allocora.Contracts.Api;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;

namespace Allocora.Console;

/// <summary>Invites to a workspace: made with a link that is shown once, listed, taken back, and accepted by programs.</summary>
internal static class InviteMembers
{
    private const string Path = "/api/v1/workspaces/{ws}/invites";
    private const int UsualDays = 7, DaysMax = 30;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost(Path, Invite).RequirePermission(MemberRules.Write).WithName("InviteMember");
        routes.MapGet(Path, List).RequirePermission(MemberRules.Write).WithName("ListInvites");
        routes.MapDelete($"{Path}/{{id}}", Revoke).RequirePermission(MemberRules.Write).WithName("RevokeInvite");
        routes.MapPost("/api/v1/invites/accept", Accept).AllowSignedIn().WithName("AcceptInvite");
    }

    private static async Task<IResult> Invite(InviteRequest body, WorkspaceCommands commands, TimeProvider time, HttpContext http, CancellationToken ct)
    {
        if (WhatIsWrong(body) is { } wrong) return Problems.Invalid(wrong);
        var (told, issued) = await IssueInvite(body, Asking.Of(http), commands, time, http, ct);
        return told.Once(issued);
    }

    public static FieldError? WhatIsWrong(InviteRequest body)
    {
        if (!PermissionTable.WorkspaceRoles.Contains(body.Role)) return ManageMembers.NoRole();
        return body.ValidDays is < 1 or > DaysMax ? new("#/validDays", $"Give 1 to {DaysMax} days.") : null;
    }

    public static async Task<(Told Told, IssuedInvite Invite)> IssueInvite(
        InviteRequest body, Asking asking, WorkspaceCommands commands, TimeProvider time, HttpContext http, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var (id, secret, approval) = (NewId.For("inv", now), ApiKeyText.NewSecret(), NewId.For("apr", now));
        var expiresAt = now.AddDays(body.ValidDays ?? UsualDays);
        var told = await commands.Tell(http.Workspace(), asking, (state, now) =>
            MemberRules.Invite(state, asking.Person, id, body.Role, ApiKeyText.HashOf(secret), expiresAt, approval, now), ct);
        var link = $"{http.Request.Scheme}://{http.Request.Host}/invites/{Invites.TokenOf(id, secret)}";
        return (told, new(id, body.Role, told.Waiting is null ? "open" : "waiting", expiresAt, link, told.Waiting));
    }

    private static async Task<IResult> List(int? limit, string? cursor, AccessReaders readers, TimeProvider time, HttpContext http, CancellationToken ct)
    {
        if (Paging.WhatIsWrong(limit, cursor) is { } wrong) return Problems.Invalid(new FieldError(wrong.Field, wrong.Message));
        return TypedResults.Ok(await Find(http.Workspace(), Paging.Of(limit, cursor), readers, time.GetUtcNow(), onlyOpen: false, ct));
    }

    public static async Task<Page<ListedInvite>> Find(
        string workspace, Paging paging, AccessReaders readers, DateTimeOffset now, bool onlyOpen, CancellationToken ct) => paging.Page(
            await readers.One.Read(workspace, (connection, _, ct) => Read(connection, paging, now, onlyOpen, ct), ct), i => i.Id);

    private static async Task<List<ListedInvite>> Read(
        NpgsqlConnection connection, Paging paging, DateTimeOffset now, bool onlyOpen, CancellationToken ct)
    {
        const string query = """
            select id, role, case when state = 'open' and expires_at <= $3 then 'expired' else state end, invited_by, invited_at, expires_at
            from invite where ($1::text is null or id < $1) and (not $4 or state = 'open' and expires_at > $3) order by id desc limit $2
            """;
        await using var command = new NpgsqlCommand(query, connection);
        paging.AddTo(command);
        command.Parameters.Add(new() { Value = now });
        command.Parameters.Add(new() { Value = onlyOpen });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var found = new List<ListedInvite>();
        while (await reader.ReadAsync(ct))
        {
            found.Add(new(
                reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetFieldValue<DateTimeOffset>(4),
                reader.GetFieldValue<DateTimeOffset>(5)));
        }
        return found;
    }

    private static async Task<IResult> Revoke(string id, WorkspaceCommands commands, HttpContext http, CancellationToken ct) =>
        (await RevokeInvite(http.Workspace(), Asking.Of(http), id, commands, ct)).Empty();

    public static Task<Told> RevokeInvite(string workspace, Asking asking, string id, WorkspaceCommands commands, CancellationToken ct) =>
        commands.Tell(workspace, asking, state => MemberRules.RevokeInvite(state, asking.Person, id), ct);

    // A key stands for its owner in one workspace. To join another is for the person.
    private static async Task<IResult> Accept(AcceptInviteRequest body, Invites invites, HttpContext http, CancellationToken ct)
    {
        if (http.Features.Get<KeyInForce>() is not null) return Told.Of(new("insufficient-scope", "A key cannot join a workspace. Sign in."));
        var asking = Asking.Of(http);
        var (refusal, joined, isShown) = await invites.Accept(body.Token, asking.Person, asking.Origin, ct);
        return refusal is not null ? Told.Of(refusal) : TypedResults.Json(
            new JoinedWorkspace(joined!.Workspace, joined.Slug, joined.Name, joined.Role),
            statusCode: isShown ? StatusCodes.Status200OK : StatusCodes.Status202Accepted);
    }
}
