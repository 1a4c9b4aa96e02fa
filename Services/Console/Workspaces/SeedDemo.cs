using Allocora.Contracts;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Allocora.Console;

public sealed class DemoOptions
{
    /// <summary>Where the tokens of the demo workspace are kept; without it there is no demo. Only in Development.</summary>
    public string? File { get; init; }
}

/// <summary>
/// Opens the workspace of the demo, with somebody for every part. The tokens are in the file before the log hears of them, so
/// whenever this ends before its time, the next run makes good from the file what is missing, and changes nothing else.
/// </summary>
internal sealed partial class SeedDemo(
    IOptions<DemoOptions> options, OpenWorkspace opening, WorkspaceCommands commands, People people, TimeProvider time, ILogger<SeedDemo> logger)
    : BackgroundService, IHealthCheck
{
    private const string Slug = "demo", Admin = "admin";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1), SoonOver = TimeSpan.FromDays(30);

    private static readonly IReadOnlyDictionary<string, string> RoleOfPart = new Dictionary<string, string>
    {
        [Admin] = Roles.Admin,
        ["operator"] = "operator",
        ["preparer"] = "preparer",
        ["approver"] = Roles.Approver,
        ["approver2"] = Roles.Approver,
        ["viewer"] = Roles.Viewer,
        ["auditor"] = "auditor",
    };

    private volatile bool isThere;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(isThere ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("The demo workspace is not there yet."));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                isThere = await Seed(options.Value.File!, stoppingToken);
                if (isThere) return;
            }
            catch (Exception e) when (e is NpgsqlException or SchemaException or IOException or UnauthorizedAccessException)
            {
                NotYet(e.GetType().Name);
            }
            await Task.Delay(Patience, time, stoppingToken);
        }
    }

    private async Task<bool> Seed(string path, CancellationToken ct)
    {
        var persons = new Dictionary<string, string>();
        foreach (var part in RoleOfPart.Keys)
            persons[part] = (await people.Seen(Person.Local, part == Admin ? PlatformAdmins.LocalSubject : $"{Slug}-{part}", NameOf(part), email: null, ct)).Id;

        var known = (await opening.OwnerOf(Slug, ct))?.Workspace;
        var demo = DemoFile.Read(path);
        if (demo is null || (known is not null && demo.Workspace != known) || !RoleOfPart.Keys.All(demo.Tokens.ContainsKey))
            demo = Keep(new(known ?? NewId.For("ws", time.GetUtcNow()), RoleOfPart.Keys.ToDictionary(part => part, _ => NewToken())), path);
        var asking = new Asking(persons[Admin], PermissionTable.All, new(Actor: persons[Admin], Via: Slug), Command: null);
        if (known is null)
        {
            WorkspaceHappened[] first = [new WorkspaceOpened(Slug, "Demo", "USD", "UTC", persons[Admin]), new MemberJoined(persons[Admin], Roles.Admin, null)];
            if (!(await opening.Open(demo.Workspace, first, asking.Origin, command: null, ct)).IsOurs) return false;
        }

        var over = new List<string>();
        await commands.Tell(demo.Workspace, asking, (state, now) =>
        {
            over = [.. demo.Tokens.Keys.Where(part => IsOver(state, demo.Tokens[part], persons.GetValueOrDefault(part), now))];
            return Decision.Nothing<WorkspaceHappened>();
        }, ct);
        if (over.Count > 0)
            demo = Keep(demo with { Tokens = demo.Tokens.ToDictionary(t => t.Key, t => over.Contains(t.Key) ? NewToken() : t.Value) }, path);
        var told = await commands.Tell(demo.Workspace, asking, (state, now) => Missing(state, demo, persons, now), ct);
        return told is { Refusal: null, IsShown: true };
    }

    private static DemoFile Keep(DemoFile demo, string path)
    {
        demo.Write(path);
        return demo;
    }

    private string NewToken() => ApiKeyText.Of(NewId.For("key", time.GetUtcNow()), ApiKeyText.NewSecret());

    private static string NameOf(string part) => part == Admin ? "Local owner" : $"Demo {part}";

    // A key the log does not know yet is not over: it has not begun.
    private static bool IsOver(WorkspaceAccess state, string token, string? person, DateTimeOffset now)
    {
        if (ApiKeyText.Read(token) is not var (key, secret)) return true;
        return state.Keys.GetValueOrDefault(key) is { } known
            && (!known.IsLive(now + SoonOver) || known.Terms.Owner != person || known.SecretHash != ApiKeyText.HashOf(secret));
    }

    private static Decision<WorkspaceHappened> Missing(
        WorkspaceAccess state, DemoFile demo, Dictionary<string, string> persons, DateTimeOffset now)
    {
        var events = new List<WorkspaceHappened>();
        foreach (var (part, role) in RoleOfPart)
        {
            var (key, secret) = ApiKeyText.Read(demo.Tokens[part])!.Value;
            if (!state.Members.ContainsKey(persons[part])) events.Add(new MemberJoined(persons[part], role, Invite: null));
            if (state.Keys.ContainsKey(key)) continue;
            events.Add(new ApiKeyGranted(
                key, NameOf(part), persons[part], role, Permissions: null, now + KeyRules.LifetimeMax, NobodyToAsk: ApprovalRules.IsNeededFor(role)));
            events.Add(new ApiKeyCollected(key, ApiKeyText.HashOf(secret)));
        }
        return events.ToArray();
    }

    [LoggerMessage(LogLevel.Warning, "The demo workspace is not there yet and is tried again ({Kind})")]
    private partial void NotYet(string kind);
}

internal static class DemoRegistration
{
    public static void AddDemo(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidated<DemoOptions>("Demo");
        if (string.IsNullOrEmpty(builder.Configuration["Demo:File"])) return;
        if (!builder.Environment.IsDevelopment())
        {
            const string why = "Demo__File is for Development only: its tokens are open to whoever reads the file.";
            throw new OptionsValidationException("Demo__File", typeof(DemoOptions), [why]);
        }
        builder.Services.AddSingleton<SeedDemo>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<SeedDemo>());
        builder.Services.AddHealthChecks().Add(new("demo workspace", provider => provider.GetRequiredService<SeedDemo>(), HealthStatus.Unhealthy, tags: null));
    }
}
