using System.Security.Cryptography;
using System.Text;
using Allocora.Contracts;
using Allocora.Contracts.Api;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;
using EventId = Allocora.EventStore.EventId;

namespace Allocora.Console;

/// <summary>Opens a workspace: its first events, and the slug that it alone has, in one transaction or not at all.</summary>
internal sealed class OpenWorkspace(NpgsqlDataSource worker, EventCatalog catalog, WorkspaceCommands commands, TimeProvider time)
{
    private readonly EventFeed feed = new(worker, time);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/workspaces", Handle).RequirePermission("workspaces.create").WithName(nameof(OpenWorkspace));

    /// <returns>The workspace that has the slug, and whether it is the one asked for: another of the name was there first if not.</returns>
    public async Task<(string Workspace, bool IsOurs, long Sequence)> Open(
        string workspace, IReadOnlyList<WorkspaceHappened> first, Origin origin, string? command, CancellationToken ct)
    {
        var (slug, now) = (((WorkspaceOpened)first[0]).Slug, time.GetUtcNow());
        // By it the one who asks again is known; it is no secret, but need not be read by everybody either.
        var named = origin with { Correlation = command is null ? null : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(command))) };
        var taken = catalog.Seal(new WorkspaceSlugTaken(slug, workspace), EventId.Of(workspace, "slug", 1), now, named);
        var events = first.Select((e, i) => catalog.Seal(e, EventId.Of(workspace, "open", i + 1), now, origin)).ToList();

        await using (var connection = await worker.OpenConnectionAsync(ct))
        await using (var transaction = await connection.BeginTransactionAsync(ct))
        {
            var answers = await EventLog.Append(transaction,
                [new(Journal.Platform, StreamOf(slug), $"slug:{slug}", null, [taken]), new(workspace, WorkspaceAccess.Stream, null, 0, events)], ct);
            if (answers.All(a => a.Outcome == Outcome.Appended))
            {
                await transaction.CommitAsync(ct);
                return (workspace, true, answers.Max(a => a.LastSequence!.Value));
            }
        }
        var (owner, asked) = (await OwnerOf(slug, ct))!.Value;
        return (owner, owner == workspace || (asked is not null && asked == named.Correlation), 0);
    }

    /// <summary>The workspace of a slug, and the command that opened it.</summary>
    public async Task<(string Workspace, string? Command)?> OwnerOf(string slug, CancellationToken ct)
    {
        await foreach (var stored in feed.Of(Journal.Platform, StreamOf(slug), ct))
            return (((WorkspaceSlugTaken)catalog.Open(stored)).Workspace, stored.Correlation);
        return null;
    }

    private static string StreamOf(string slug) => $"slug-{slug}";

    private static async Task<IResult> Handle(OpenWorkspaceRequest body, OpenWorkspace opening, HttpContext http, CancellationToken ct)
    {
        FieldError[] wrong = [.. WorkspaceSettingsRules.Slug(body.Slug), .. WorkspaceSettingsRules.Of(body.Name, body.Currency, body.TimeZone)];
        return wrong.Length > 0 ? Problems.Invalid(wrong) : await opening.Answer(body, Asking.Of(http), http, ct);
    }

    private async Task<IResult> Answer(OpenWorkspaceRequest body, Asking asking, HttpContext http, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var (id, key, secret) = (NewId.For("ws", now), NewId.For("key", now), ApiKeyText.NewSecret());
        WorkspaceHappened[] first =
        [
            new WorkspaceOpened(body.Slug, body.Name, body.Currency, body.TimeZone, asking.Person),
            new MemberJoined(asking.Person, Roles.Admin, Invite: null),
            .. body.IssueKey ? FirstKey(key, secret, asking.Person, now) : [],
        ];
        var (workspace, isOurs, sequence) = await Open(id, first, asking.Origin, asking.Command, ct);
        if (!isOurs) return Problems.Refuse(StatusCodes.Status409Conflict, "slug-taken", $"Another workspace is called {body.Slug} already.");
        if (workspace != id && body.IssueKey)
            return Problems.Refuse(StatusCodes.Status409Conflict, "already-done", "This was done before. What was shown then is not kept anywhere.");

        http.Response.Headers.Location = $"/api/v1/workspaces/{workspace}";
        var answer = new OpenedWorkspace(
            new(workspace, body.Slug, body.Name, body.Currency, body.TimeZone, now), body.IssueKey ? ApiKeyText.Of(key, secret) : null);
        return new Told(null, IsAgain: false, [], await commands.Shows(sequence, ct)).Once(answer);

    }

    private static IEnumerable<WorkspaceHappened> FirstKey(string key, string secret, string person, DateTimeOffset now) =>
    [
        new ApiKeyGranted(key, "First key", person, Roles.Admin, Permissions: null, now + KeyRules.LifetimeMax, NobodyToAsk: true),
        new ApiKeyCollected(key, ApiKeyText.HashOf(secret)),
    ];
}
