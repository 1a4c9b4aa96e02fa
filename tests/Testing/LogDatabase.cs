using Allocora.EventStore;
using Allocora.Messaging;
using Npgsql;

namespace Allocora.Testing;

/// <summary>A database with an empty log, and a data source for each role that works with it.</summary>
public sealed class LogDatabase : IAsyncDisposable
{
    public const string Service = "probe", Superuser = "superuser";
    public static readonly ServiceSchema Schema = new(Service, typeof(Broker).Assembly);

    // Servers may outlive a build: the template is of the scripts this one has.
    private static readonly string Template =
        $"template_log_{typeof(ServiceSchema).Module.ModuleVersionId:N}"[..24] + $"{typeof(Broker).Module.ModuleVersionId:N}"[..12];

    private readonly TestDatabase database;
    private readonly List<NpgsqlDataSource> sources = [];

    private LogDatabase(TestDatabase database)
    {
        this.database = database;
        (Worker, Tail, Owner) = (As($"{Service}_worker"), As($"{Service}_tail"), As($"{Service}_owner"));
        (Log, Feed) = (new(Worker), new(Tail, TimeProvider.System));
    }

    public NpgsqlDataSource Worker { get; }

    public NpgsqlDataSource Tail { get; }

    /// <summary>The superuser in the owner's role, as whoever migrates.</summary>
    public NpgsqlDataSource Owner { get; }

    public EventLog Log { get; }

    public EventFeed Feed { get; }

    /// <param name="superuser">Of another server than the one all tests share.</param>
    public static async Task<LogDatabase> Create(string? superuser = null)
    {
        var database = await TestDatabase.Create(Template, Prepare, superuser);
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await Ask(source, $"alter database {database.Name} owner to {Service}_owner"); // a copy belongs to whoever made it
        return new(database);
    }

    public string Name => database.Name;

    public NpgsqlDataSource As(string role)
    {
        sources.Add(Database.Source(new(AddressOf(role)) { MaxPoolSize = 40 }, Service));
        return sources[^1];
    }

    public string AddressOf(string role)
    {
        var settings = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        if (role == $"{Service}_owner") settings.Options = $"-c role={role}";
        else if (role != Superuser) (settings.Username, settings.Password) = (role, role);
        return settings.ConnectionString;
    }

    /// <summary>Runs a statement as the superuser in the owner's role and returns its first value.</summary>
    public Task<object?> Ask(string statement) => Ask(Owner, statement);

    public static async Task<object?> Ask(NpgsqlDataSource source, string statement)
    {
        await using var command = source.CreateCommand(statement);
        return await command.ExecuteScalarAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var source in sources) await source.DisposeAsync();
        await database.DisposeAsync();
    }

    private static async Task Prepare(string superuser)
    {
        var name = new NpgsqlConnectionStringBuilder(superuser).Database;
        await using var source = NpgsqlDataSource.Create(superuser);
        foreach (var (role, login) in new[] { ("owner", "nologin"), ("app", "login"), ("worker", "login"), ("tail", "login") })
        {
            await Ask(source, $"""
                do $$ begin
                  if not exists (select from pg_roles where rolname = '{Service}_{role}') then
                    create role {Service}_{role} {login} password '{Service}_{role}';
                  end if;
                end $$
                """);
        }
        await Ask(source, $"alter database {name} owner to {Service}_owner");
        await using var owner = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(superuser) { Options = $"-c role={Service}_owner" }.ConnectionString);
        await SchemaInstaller.Migrate(owner, Schema, CancellationToken.None);
    }
}
