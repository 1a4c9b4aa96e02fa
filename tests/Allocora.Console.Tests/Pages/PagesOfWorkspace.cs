using Allocora.Contracts;
using Allocora.Contracts.Events;
using Allocora.ServiceDefaults;
using Microsoft.Extensions.DependencyInjection;

namespace Allocora.Console.Tests.Pages;

/// <summary>A console with the workspace acme, which has somebody of each part, and with the workspace other, which is somebody else's.</summary>
internal sealed class PagesOfWorkspace : IAsyncDisposable
{
    private static readonly (string Subject, string Role)[] Parts =
    [
        ("mara", Roles.Admin), ("ada", Roles.Admin), ("vera", Roles.Viewer), ("otto", "operator"), ("audrey", "auditor"), ("jonas", "payee"),
    ];

    private readonly ConsoleDatabase database;
    private readonly Dictionary<string, string> persons = [];

    private PagesOfWorkspace(ConsoleDatabase database, RunningConsole console) => (this.database, Console) = (database, console);

    public RunningConsole Console { get; }

    public static async Task<PagesOfWorkspace> Start()
    {
        var database = await ConsoleDatabase.Create();
        var workspace = new PagesOfWorkspace(database, await RunningConsole.Start(null, database.Settings));
        await workspace.Open("acme", "Acme & Söhne", Parts);
        await workspace.Open("other", "Other", [("olga", Roles.Admin)]);
        return workspace;
    }

    public string Of(string subject) => persons[subject];

    public Task<object?> Ask(string statement) => database.Ask(statement);

    public Task<Visitor> SignIn(string subject) => Console.Visit().SignIn(subject: subject, name: Name(subject));

    /// <summary>The person's last confirmation is an hour old.</summary>
    public Task Tire(string subject) => Ask($"update session set confirmed_at = confirmed_at - interval '1 hour' where person = '{Of(subject)}'");

    public async ValueTask DisposeAsync()
    {
        await Console.DisposeAsync();
        await database.DisposeAsync();
    }

    private static string Name(string subject) => $"{char.ToUpperInvariant(subject[0])}{subject[1..]} <b>";

    private async Task Open(string slug, string name, (string Subject, string Role)[] parts)
    {
        foreach (var (subject, _) in parts)
            persons[subject] = (await Console.Provider.GetRequiredService<People>().Seen(Person.Local, subject, Name(subject), null, default)).Id;
        WorkspaceHappened[] first =
        [
            new WorkspaceOpened(slug, name, "EUR", "UTC", Of(parts[0].Subject)), .. parts.Select(p => new MemberJoined(Of(p.Subject), p.Role, Invite: null)),
        ];
        var id = NewId.For("ws", TimeProvider.System.GetUtcNow());
        var (_, _, sequence) = await Console.Provider.GetRequiredService<OpenWorkspace>().Open(
            id, first, new(Actor: Of(parts[0].Subject), Via: "test"), command: null, default);
        Assert.True(await Console.Provider.GetRequiredService<WorkspaceCommands>().Shows(sequence, default));
    }
}
