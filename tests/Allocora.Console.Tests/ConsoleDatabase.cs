using Allocora.EventStore;
using Allocora.Testing;
using Npgsql;

namespace Allocora.Console.Tests;

/// <summary>A database as the Console has it, and the connection strings of the roles that sign in to it.</summary>
internal sealed class ConsoleDatabase : IAsyncDisposable
{
    private static readonly string Template =
        $"template_console_{typeof(ServiceSchema).Module.ModuleVersionId:N}"[..28] + $"{typeof(ConsoleModule).Module.ModuleVersionId:N}"[..12];

    // The roles are the server's, and other tests make the same ones with other passwords on the one that all share.
    private static readonly Lazy<Task<OwnPostgres>> Server = new(Start, LazyThreadSafetyMode.ExecutionAndPublication);

    private readonly TestDatabase database;
    private readonly NpgsqlDataSource owner;

    private ConsoleDatabase(TestDatabase database)
    {
        this.database = database;
        owner = Database.Source(new(AddressOf("console_owner")), "console");
    }

    public static async Task<ConsoleDatabase> Create()
    {
        var database = await TestDatabase.Create(Template, Prepare, await Superuser());
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await Run(source, $"alter database {database.Name} owner to console_owner"); // a copy belongs to whoever made it
        return new(database);
    }

    /// <summary>Of the server that the databases of the Console's tests stand on.</summary>
    public static async Task<string> Superuser() => (await Server.Value).Superuser;

    /// <summary>As a role of the Console, of a service that reads its keys, or, as console_owner, as whoever migrates.</summary>
    public string AddressOf(string role)
    {
        var settings = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        if (role == "console_owner") settings.Options = $"-c role={role}";
        else (settings.Username, settings.Password) = (role, role);
        return settings.ConnectionString;
    }

    /// <summary>What the Console's own program is told.</summary>
    public string[] Settings =>
        [$"--ConnectionStrings:console={AddressOf("console_app")}", $"--ConnectionStrings:console_worker={AddressOf("console_worker")}"];

    /// <summary>Runs a statement in the owner's role and returns its first value.</summary>
    public async Task<object?> Ask(string statement)
    {
        await using var command = owner.CreateCommand(statement);
        return await command.ExecuteScalarAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await owner.DisposeAsync();
        await database.DisposeAsync();
    }

    private static async Task<OwnPostgres> Start()
    {
        var server = await OwnPostgres.Start();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.DisposeAsync().AsTask().Wait(TimeSpan.FromSeconds(30));
        return server;
    }

    private static async Task Prepare(string superuser)
    {
        var name = new NpgsqlConnectionStringBuilder(superuser).Database;
        await using var source = NpgsqlDataSource.Create(superuser);
        await Role(source, "console_owner", "nologin");
        foreach (var role in new[] { "console_app", "console_worker", "console_tail" }.Concat(ConsoleModule.Schema.OtherRoles))
            await Role(source, role, "login");
        await Run(source, $"alter database {name} owner to console_owner");
        await using var owner = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(superuser) { Options = "-c role=console_owner" }.ConnectionString);
        await SchemaInstaller.Migrate(owner, ConsoleModule.Schema, CancellationToken.None);
    }

    // Test programs share the server, and may come here at the same time.
    private static Task Role(NpgsqlDataSource source, string role, string kind) => Run(source, $"""
        do $$ begin
          create role {role} {kind} password '{role}';
        exception when duplicate_object or unique_violation then null;
        end $$
        """);

    private static async Task Run(NpgsqlDataSource source, string statement)
    {
#pragma warning disable CA2100 // names made here; these statements take no parameters
        await using var command = source.CreateCommand(statement);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }
}
