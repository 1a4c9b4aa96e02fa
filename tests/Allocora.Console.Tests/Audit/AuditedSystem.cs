using System.Net.Http.Json;
using Allocora.Contracts.Api;
using Allocora.EventStore;
using Allocora.Testing;
using Microsoft.AspNetCore.Builder;
using Npgsql;

namespace Allocora.Console.Tests;

/// <summary>What a service's log holds in these tests.</summary>
public sealed record PeriodLocked(string Month);

public sealed record ShareChanged(int From, int To);

/// <summary>A Console with a database of its own, callers that are made up, and the log of one service upstream: the ledger's.</summary>
internal sealed class AuditedSystem : IAsyncDisposable
{
    public const string Auditor = "usr_auditor", Viewer = "usr_viewer", Owner = "usr_owner", AuditorsKey = "of-the-auditor";
    private static readonly EventCatalog LedgerEvents = new EventCatalog().Add<PeriodLocked>().Add<ShareChanged>();
    private static readonly string Template = $"template_upstream_{typeof(ServiceSchema).Module.ModuleVersionId:N}"[..40];
    private readonly TestDatabase upstream;
    private readonly NpgsqlDataSource ledgerWorker;

    private AuditedSystem(ConsoleDatabase database, TestDatabase upstream, TestCallers callers, RunningConsole console)
    {
        (Database, this.upstream, Callers, Console) = (database, upstream, callers, console);
        ledgerWorker = EventStore.Database.Source(new(AddressOf(upstream, "ledger_worker")), "ledger");
    }

    public ConsoleDatabase Database { get; }
    public TestCallers Callers { get; }
    public RunningConsole Console { get; }

    public static async Task<AuditedSystem> Start(Action<WebApplication>? routes = null, params string[] settings)
    {
        var database = await ConsoleDatabase.Create();
        var upstream = await TestDatabase.Create(Template, Prepare, await ConsoleDatabase.Superuser());
        var callers = new TestCallers().Member(Auditor, "ws_one", "auditor").Member(Viewer, "ws_one", "viewer")
            .Member(Auditor, "ws_two", "auditor").Admin(Owner).Key(AuditorsKey, Auditor);
        var console = await RunningConsole.StartWith(
            callers.Add, routes, [.. database.Settings, $"--ConnectionStrings:ledger_tail={AddressOf(upstream, "ledger_tail")}", .. settings]);
        return new(database, upstream, callers, console);
    }

    /// <summary>Adds to the ledger's log.</summary>
    public async Task<long> Happened(object happened, string workspace = "ws_one", string stream = "period-1", Origin? origin = null, DateTimeOffset? at = null)
    {
        var told = LedgerEvents.Seal(happened, Guid.NewGuid(), at ?? TimeProvider.System.GetUtcNow(), origin);
        return (await new EventLog(ledgerWorker).Append([new Entry(workspace, stream, null, null, [told])], default))[0].LastSequence!.Value;
    }

    /// <summary>Changes the ledger's log behind its back, as whoever has the whole server can.</summary>
    public async Task Tamper(string statement)
    {
        await using var superuser = NpgsqlDataSource.Create(upstream.ConnectionString);
        await Run(superuser, statement);
    }

    public async Task<HttpResponseMessage> Ask(string path, string? person = null, string? key = null, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, path);
        if (person is not null) request.Headers.Add(TestCallers.PersonHeader, person);
        if (key is not null) request.Headers.Authorization = new("Bearer", key);
        return await Console.Http.SendAsync(request);
    }

    public async Task<Page<AuditEntry>> Trail(string query = "", string workspace = "ws_one")
    {
        using var answer = await Ask($"/api/v1/workspaces/{workspace}/audit{query}", Auditor);
        return (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<Page<AuditEntry>>())!;
    }

    public async Task<Page<AuditEntry>> PlatformTrail(string query = "")
    {
        using var answer = await Ask($"/api/v1/audit{query}", Owner);
        return (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<Page<AuditEntry>>())!;
    }

    /// <summary>The trail once it is what is waited for.</summary>
    public Task<Page<AuditEntry>> Sees(int count, string query = "") => Eventually.Sees(_ => Trail(query), seen => seen.Data.Count >= count);

    public async ValueTask DisposeAsync()
    {
        await Console.DisposeAsync();
        await ledgerWorker.DisposeAsync();
        await upstream.DisposeAsync();
        await Database.DisposeAsync();
    }

    private static string AddressOf(TestDatabase database, string role) =>
        new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = role, Password = role }.ConnectionString;

    private static async Task Prepare(string superuser)
    {
        var name = new NpgsqlConnectionStringBuilder(superuser).Database;
        await using var source = NpgsqlDataSource.Create(superuser);
        foreach (var (role, kind) in new[] { ("ledger_owner", "nologin"), ("ledger_app", "login"), ("ledger_worker", "login"), ("ledger_tail", "login") })
        {
            await Run(source, $"""
                do $$ begin
                  create role {role} {kind} password '{role}';
                exception when duplicate_object or unique_violation then null;
                end $$
                """);
        }
        await Run(source, $"alter database {name} owner to ledger_owner");
        await using var owner = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(superuser) { Options = "-c role=ledger_owner" }.ConnectionString);
        await SchemaInstaller.Migrate(owner, new ServiceSchema("ledger"), CancellationToken.None);
    }

    private static async Task Run(NpgsqlDataSource source, string statement)
    {
#pragma warning disable CA2100 // texts of the tests
        await using var command = source.CreateCommand(statement);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }
}
