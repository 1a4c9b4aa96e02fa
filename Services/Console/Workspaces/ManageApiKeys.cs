using Allocora.Contracts;
using Allocora.Contracts.Api;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;

namespace Allocora.Console;

/// <summary>API keys: issued by an admin, seen by their owner alone, and by the owner once.</summary>
internal static class ManageApiKeys
{
    private const string Path = "/api/v1/workspaces/{ws}/api-keys", Reads = "workspace.read";
    private const int NameMax = 100;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost(Path, Issue).RequirePermission(KeyRules.Write, freshSession: true).WithName("IssueKey");
        routes.MapGet(Path, List).RequirePermission(Reads).WithName("ListKeys");
        routes.MapPost($"{Path}/{{id}}/collect", Collect).RequirePermission(Reads).WithName("CollectKey");
        routes.MapPost($"{Path}/{{id}}/rotate", Rotate).RequirePermission(Reads).WithName("RotateKey");
        routes.MapDelete($"{Path}/{{id}}", Revoke).RequirePermission(Reads).WithName("RevokeKey");
    }

    private static async Task<IResult> Issue(IssueKeyRequest body, WorkspaceCommands commands, TimeProvider time, HttpContext http, CancellationToken ct)
    {
        FieldError[] wrong = [.. WhatIsWrong(body, time.GetUtcNow())];
        if (wrong.Length > 0) return Problems.Invalid(wrong);
        var (told, issued) = await IssueKey(http.Workspace(), Asking.Of(http), body, commands, time, ct);
        return told.Once(issued);
    }

    public static async Task<(Told Told, IssuedKey Key)> IssueKey(
        string workspace, Asking asking, IssueKeyRequest body, WorkspaceCommands commands, TimeProvider time, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var (id, secret, approval) = (NewId.For("key", now), ApiKeyText.NewSecret(), NewId.For("apr", now));
        var asked = new ApiKeyGranted(id, body.Name, body.Owner ?? asking.Person, body.Role, body.Permissions, body.ExpiresAt.ToUniversalTime());
        var told = await commands.Tell(workspace, asking, (state, now) =>
            KeyRules.Grant(state, asking.Person, asking.Held, asked, ApiKeyText.HashOf(secret), approval, now), ct);
        var isShown = told.Events.Any(e => e is ApiKeyCollected);
        var state = told.Waiting is not null ? "waiting" : isShown ? "active" : "uncollected";
        return (told, new(id, state, body.ExpiresAt, isShown ? ApiKeyText.Of(id, secret) : null, told.Waiting));
    }

    public static IEnumerable<FieldError> WhatIsWrong(IssueKeyRequest body, DateTimeOffset now)
    {
        if (body.Name.Length > NameMax || string.IsNullOrWhiteSpace(body.Name) || body.Name.Any(char.IsControl))
            yield return new("#/name", $"Give a name of 1 to {NameMax} characters.");
        if (!PermissionTable.WorkspaceRoles.Contains(body.Role)) yield return ManageMembers.NoRole();
        else if (body.Permissions is { } narrowed)
        {
            var permissions = PermissionTable.Of(body.Role);
            foreach (var (index, permission) in narrowed.Take(permissions.Count + 1).Index())
                if (!permissions.Contains(permission)) yield return new($"#/permissions/{index}", $"The role {body.Role} does not hold this permission.");
            if (narrowed.Count == 0 || narrowed.Count > narrowed.Distinct().Count())
                yield return new("#/permissions", "Name at least one permission, and each once; leave it out for all of the role's.");
        }
        if (body.ExpiresAt <= now || body.ExpiresAt > now + KeyRules.LifetimeMax)
            yield return new("#/expiresAt", $"Give a time that is at most {KeyRules.LifetimeMax.TotalDays:0} days from now.");
    }

    private static async Task<IResult> Collect(string id, WorkspaceCommands commands, HttpContext http, CancellationToken ct)
    {
        var (told, shown) = await CollectKey(http.Workspace(), Asking.Of(http), id, commands, ct);
        return told.Once(shown);
    }

    public static async Task<(Told Told, ShownKey Key)> CollectKey(string workspace, Asking asking, string id, WorkspaceCommands commands, CancellationToken ct)
    {
        var secret = ApiKeyText.NewSecret();
        var told = await commands.Tell(workspace, asking, (state, now) =>
            KeyRules.Collect(state, asking.Person, asking.Held, id, ApiKeyText.HashOf(secret), now), ct);
        return (told, Shown(id, secret));
    }

    private static async Task<IResult> Rotate(string id, RotateKeyRequest body, WorkspaceCommands commands, HttpContext http, CancellationToken ct)
    {
        if (WhatIsWrong(body) is { } wrong) return Problems.Invalid(wrong);
        var (told, shown) = await RotateKey(http.Workspace(), Asking.Of(http), id, body, commands, ct);
        return told.Once(shown);
    }

    public static FieldError? WhatIsWrong(RotateKeyRequest body) => body.OverlapMinutes < 0 || body.OverlapMinutes > KeyRules.OverlapMax.TotalMinutes
        ? new("#/overlapMinutes", $"Give 0 to {KeyRules.OverlapMax.TotalMinutes:0} minutes.")
        : null;

    public static async Task<(Told Told, ShownKey Key)> RotateKey(
        string workspace, Asking asking, string id, RotateKeyRequest body, WorkspaceCommands commands, CancellationToken ct)
    {
        var (secret, overlap) = (ApiKeyText.NewSecret(), TimeSpan.FromMinutes(body.OverlapMinutes));
        var told = await commands.Tell(workspace, asking, (state, now) =>
            KeyRules.Rotate(state, asking.Person, asking.Held, id, ApiKeyText.HashOf(secret), overlap, now), ct);
        return (told, Shown(id, secret));
    }

    private static ShownKey Shown(string id, string secret) => new(id, ApiKeyText.Of(KeyIdOr(id), secret));

    // Of a key that is not there nothing is shown, but what would be is made before that is known.
    private static string KeyIdOr(string id) => NewId.Is("key", id) ? id : $"key_{new string('0', 26)}";

    private static async Task<IResult> Revoke(string id, WorkspaceCommands commands, HttpContext http, CancellationToken ct) =>
        (await RevokeKey(http.Workspace(), Asking.Of(http), id, commands, ct)).Empty();

    public static Task<Told> RevokeKey(string workspace, Asking asking, string id, WorkspaceCommands commands, CancellationToken ct) =>
        commands.Tell(workspace, asking, state => KeyRules.Revoke(state, asking.Person, asking.Held, id), ct);

    private static async Task<IResult> List(int? limit, string? cursor, AccessReaders readers, TimeProvider time, HttpContext http, CancellationToken ct)
    {
        if (Paging.WhatIsWrong(limit, cursor) is { } wrong) return Problems.Invalid(new FieldError(wrong.Field, wrong.Message));
        return TypedResults.Ok(await Find(http, Paging.Of(limit, cursor), readers, time, ct));
    }

    public static async Task<Page<ListedKey>> Find(HttpContext http, Paging paging, AccessReaders readers, TimeProvider time, CancellationToken ct)
    {
        // Who may not issue keys sees their own.
        var owner = http.Grant().Permissions.Contains(KeyRules.Write) ? null : Caller.Of(http).Subject;
        var keys = await readers.One.Read(http.Workspace(), (connection, _, ct) => Read(connection, paging, owner, time.GetUtcNow(), ct), ct);
        return paging.Page(keys, k => k.Id);
    }

    private static async Task<List<ListedKey>> Read(NpgsqlConnection connection, Paging paging, string? owner, DateTimeOffset now, CancellationToken ct)
    {
        const string query = """
            select k.id, k.name, k.role, k.permissions, k.owner
              , case when k.revoked_at is not null then 'revoked' when k.expires_at <= $4 then 'expired'
                  when k.secret is null then 'uncollected' else 'active' end
              , k.granted_at, k.expires_at, u.last_used_at
            from api_key as k left join api_key_used as u on u.tenant_id = k.tenant_id and u.key = k.id
            where ($1::text is null or k.id < $1) and ($3::text is null or k.owner = $3) order by k.id desc limit $2
            """;
        await using var command = new NpgsqlCommand(query, connection);
        paging.AddTo(command);
        command.Parameters.Add(new() { Value = (object?)owner ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = now });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var found = new List<ListedKey>();
        while (await reader.ReadAsync(ct))
        {
            found.Add(new(
                reader.GetString(0), reader.GetString(1), ApiKeyText.Masked(reader.GetString(0)), reader.GetString(2),
                await reader.IsDBNullAsync(3, ct) ? null : reader.GetFieldValue<string[]>(3), reader.GetString(4), reader.GetString(5),
                reader.GetFieldValue<DateTimeOffset>(6), reader.GetFieldValue<DateTimeOffset>(7),
                await reader.IsDBNullAsync(8, ct) ? null : reader.GetFieldValue<DateTimeOffset>(8)));
        }
        return found;
    }
}
