using Allocora.EventStore;
using Npgsql;

namespace Allocora.Testing;

/// <summary>A database as a service has it, and the connection strings of the roles that sign in to it.</summary>
public sealed class ServiceDatabase : IAsyncDisposable
{
    // The roles are the server's, and other tests make the same ones with other passwords on the one that all share.
    private static readonly Lazy<Task<OwnPostgres>> Server = new(Start, LazyThreadSafetyMode.ExecutionAndPublication);

    private readonly TestDatabase database;
    private readonly string service;

    private ServiceDatabase(TestDatabase database, string service)
    {
        (this.database, this.service) = (database, service);
        (Owner, App, Worker, Tail) = (As("owner"), As("app"), As("worker"), As("tail"));
    }

    public NpgsqlDataSource Owner { get; }

    public NpgsqlDataSource App { get; }

    public NpgsqlDataSource Worker { get; }

    public NpgsqlDataSource Tail { get; }

    public static async Task<ServiceDatabase> Create(ServiceSchema schema)
    {
        var template = $"template_{schema.Service}_{typeof(ServiceSchema).Module.ModuleVersionId:N}"[..30] + $"{schema.GetHashCode():x8}";
        var database = await TestDatabase.Create(template, superuser => Prepare(superuser, schema), (await Server.Value).Superuser);
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await Run(source, $"alter database {database.Name} owner to {schema.Service}_owner"); // a copy belongs to whoever made it
        return new(database, schema.Service);
    }

    /// <param name="role">owner, which is whoever migrates, app, worker or tail.</param>
    public string AddressOf(string role)
    {
        var settings = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        if (role == "owner") settings.Options = $"-c role={service}_owner";
        else settings.Username = settings.Password = $"{service}_{role}";
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
        foreach (var source in new[] { Owner, App, Worker, Tail }) await source.DisposeAsync();
        await database.DisposeAsync();
    }

    private NpgsqlDataSource As(string role) => Database.Source(new(AddressOf(role)), service);

    private static async Task<OwnPostgres> Start()
    {
        var server = await OwnPostgres.Start();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.DisposeAsync().AsTask().Wait(TimeSpan.FromSeconds(30));
        return server;
    }

    private static async Task Prepare(string superuser, ServiceSchema schema)
    {
        var (name, service) = (new NpgsqlConnectionStringBuilder(superuser).Database, schema.Service);
        await using var source = NpgsqlDataSource.Create(superuser);
        foreach (var (role, kind) in new[] { ("owner", "nologin"), ("app", "login"), ("worker", "login"), ("tail", "login") })
            await Run(source, $"create role {service}_{role} {kind} password '{service}_{role}'");
        await Run(source, $"alter database {name} owner to {service}_owner");
        await using var owner = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(superuser) { Options = $"-c role={service}_owner" }.ConnectionString);
        await SchemaInstaller.Migrate(owner, schema, CancellationToken.None);
    }

    private static async Task Run(NpgsqlDataSource source, string statement)
    {
#pragma warning disable CA2100 // names made here; these statements take no parameters
        await using var command = source.CreateCommand(statement);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }
}
