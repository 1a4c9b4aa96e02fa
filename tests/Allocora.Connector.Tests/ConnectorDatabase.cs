using Allocora.EventStore;
using Allocora.Testing;
using Npgsql;

namespace Allocora.Connector.Tests;

/// <summary>A database as the Connector has it, and the connection strings of the roles that sign in to it.</summary>
internal sealed class ConnectorDatabase : IAsyncDisposable
{
    private static readonly string Template =
        $"template_connector_{typeof(ServiceSchema).Module.ModuleVersionId:N}"[..30] + $"{typeof(ConnectorModule).Module.ModuleVersionId:N}"[..12];

    // The roles are the server's, and other tests make the same ones with other passwords on the one that all share.
    private static readonly Lazy<Task<OwnPostgres>> Server = new(Start, LazyThreadSafetyMode.ExecutionAndPublication);

    private readonly TestDatabase database;

    private ConnectorDatabase(TestDatabase database)
    {
        this.database = database;
        Owner = Database.Source(new(AddressOf("connector_owner")), "connector");
        App = Database.Source(new(AddressOf("connector_app")), "connector");
        Worker = Database.Source(new(AddressOf("connector_worker")), "connector");
    }

    public NpgsqlDataSource Owner { get; }

    public NpgsqlDataSource App { get; }

    public NpgsqlDataSource Worker { get; }

    public static async Task<ConnectorDatabase> Create()
    {
        var database = await TestDatabase.Create(Template, Prepare, (await Server.Value).Superuser);
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await Run(source, $"alter database {database.Name} owner to connector_owner"); // a copy belongs to whoever made it
        return new(database);
    }

    /// <summary>As a role of the Connector or, as connector_owner, as whoever migrates.</summary>
    public string AddressOf(string role)
    {
        var settings = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        if (role == "connector_owner") settings.Options = $"-c role={role}";
        else (settings.Username, settings.Password) = (role, role);
        return settings.ConnectionString;
    }

    /// <summary>Runs a statement in the owner's role and returns its first value.</summary>
    public async Task<object?> Ask(string statement)
    {
        await using var command = Owner.CreateCommand(statement);
        return await command.ExecuteScalarAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Owner.DisposeAsync();
        await App.DisposeAsync();
        await Worker.DisposeAsync();
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
        await Role(source, "connector_owner", "nologin");
        foreach (var role in new[] { "connector_app", "connector_worker", "connector_tail" }) await Role(source, role, "login");
        await Run(source, $"alter database {name} owner to connector_owner");
        await using var owner = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(superuser) { Options = "-c role=connector_owner" }.ConnectionString);
        await SchemaInstaller.Migrate(owner, ConnectorModule.Schema, CancellationToken.None);
    }

    private static Task Role(NpgsqlDataSource source, string role, string kind) => Run(source, $"create role {role} {kind} password '{role}'");

    private static async Task Run(NpgsqlDataSource source, string statement)
    {
#pragma warning disable CA2100 // names made here; these statements take no parameters
        await using var command = source.CreateCommand(statement);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }
}
