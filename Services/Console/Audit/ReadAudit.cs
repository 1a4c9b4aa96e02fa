using Allocora.Contracts.Api;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Allocora.Console;

/// <summary>The trail of a workspace, or of what belongs to none, newest first.</summary>
internal sealed class ReadAudit(AuditReader trail, People people)
{
    public const int LimitMax = 200, LimitDefault = 50;
    public const string OtherCursor = "The cursor is of another list. Begin again without it.";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/workspaces/{ws}/audit", (HttpContext http, [AsParameters] AuditQuery query, ReadAudit read, CancellationToken ct) =>
            read.Handle(http.Workspace(), query, ct)).RequirePermission("audit.read").WithName(nameof(ReadAudit));
        routes.MapGet("/api/v1/audit", ([AsParameters] AuditQuery query, ReadAudit read, CancellationToken ct) =>
            read.Handle(Journal.Platform, query, ct)).RequirePermission("audit.platform").WithName("ReadPlatformAudit");
    }

    private async Task<Results<Ok<Page<AuditEntry>>, ProblemHttpResult>> Handle(string workspace, AuditQuery query, CancellationToken ct)
    {
        if (query.Limit is < 1 or > LimitMax) return Problems.Invalid(new FieldError("#/limit", $"The limit is from 1 to {LimitMax}."));
        var found = await Find(workspace, query.Filter, query.Cursor, query.Limit ?? LimitDefault, ct);
        return found is null ? Problems.Refuse(400, "cursor-mismatch", OtherCursor) : TypedResults.Ok(found);
    }

    /// <returns>Null if the cursor is of another list.</returns>
    public async Task<Page<AuditEntry>?> Find(string workspace, AuditFilter filter, string? cursor, int limit, CancellationToken ct)
    {
        var before = cursor is null ? null : AuditCursor.Open(cursor, workspace, filter);
        if (cursor is not null && before is null) return null;
        var rows = await trail.Newest(workspace, filter, before, limit + 1, ct);
        var page = rows.Take(limit).ToList();
        var next = rows.Count > limit ? AuditCursor.Of(page[^1].Position, workspace, filter) : null;
        var names = await NamesOf(page, ct);
        return new([.. page.Select(row => Shown(row, names))], new(next, next is not null));
    }

    /// <summary>The names of those who did what the rows say, as far as they are known.</summary>
    public Task<IReadOnlyDictionary<string, string>> NamesOf(IReadOnlyCollection<AuditRow> rows, CancellationToken ct) =>
        people.NamesOf(rows.Select(r => r.Actor).OfType<string>(), ct);

    public static AuditEntry Shown(AuditRow row, IReadOnlyDictionary<string, string> names)
    {
        var (before, after) = AuditWords.ChangeIn(row.Data);
        var who = row.Actor is { } actor ? new AuditActor(actor, names.GetValueOrDefault(actor)) : null;
        return new($"{row.Log}:{row.Sequence}", row.At, who, row.Via, row.Action, AuditWords.SentenceOf(row.Action, row.Data), row.Target,
            before, after, row.RequestId, row.Ip, row.Log, row.Sequence);
    }
}

/// <summary>What may be asked of the trail; times include the first and exclude the last moment.</summary>
internal sealed record AuditQuery(DateTimeOffset? From, DateTimeOffset? To, string? Actor, string? Action, string? Target, string? Cursor, int? Limit)
{
    public AuditFilter Filter => new(From, To, Actor, Action, Target);
}
