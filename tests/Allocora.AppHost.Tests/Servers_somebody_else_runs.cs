using Allocora.Testing;
using Npgsql;

namespace Allocora.AppHost.Tests;

public sealed class Servers_somebody_else_runs
{
    private readonly List<string> said = [];

    [Fact]
    public async Task Are_taken_as_they_are_when_they_let_us_in()
    {
        var servers = await TestServers.Get();

        Assert.Equal(servers.Postgres, await GivenServers.Postgres(servers.Postgres, said.Add, CancellationToken.None));
        Assert.Equal($"{servers.Broker}", await GivenServers.Broker($"{servers.Broker}", said.Add, CancellationToken.None));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData(" ")]
    [InlineData("Username=somebody")]
    [InlineData("Hoost=a;Password=hidden")]
    public async Task A_connection_string_that_cannot_be_read_is_named_and_not_quoted(string given) =>
        Assert.Equal("ConnectionStrings__postgres is not a PostgreSQL connection string; give it as Host=…;Port=…;Username=…;Password=….",
            (await Assert.ThrowsAsync<StartFailure>(() => GivenServers.Postgres(given, said.Add, CancellationToken.None))).Message);

    [Fact]
    public async Task A_wrong_password_ends_the_wait_at_once_and_is_not_quoted()
    {
        var wrong = new NpgsqlConnectionStringBuilder((await TestServers.Get()).Postgres) { Password = "hidden" }.ConnectionString;

        var refused = await Assert.ThrowsAsync<StartFailure>(() => GivenServers.Postgres(wrong, said.Add, CancellationToken.None));

        Assert.Matches("^ConnectionStrings__postgres: PostgreSQL at .+:[0-9]+ answers: password authentication failed for user .+\\.$", refused.Message);
        Assert.DoesNotContain("hidden", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_broker_user_ends_the_wait_at_once_and_is_not_quoted()
    {
        var wrong = new UriBuilder((await TestServers.Get()).Broker) { Password = "hidden" }.Uri;

        var refused = await Assert.ThrowsAsync<StartFailure>(() => GivenServers.Broker($"{wrong}", said.Add, CancellationToken.None));

        Assert.Equal($"ConnectionStrings__rabbitmq: RabbitMQ at {wrong.Host}:{wrong.Port} refuses the user or password.", refused.Message);
    }

    [Fact]
    public async Task A_virtual_host_that_is_not_there_ends_the_wait_at_once()
    {
        var nowhere = new UriBuilder((await TestServers.Get()).Broker) { Path = "/nowhere" }.Uri;

        var refused = await Assert.ThrowsAsync<StartFailure>(() => GivenServers.Broker($"{nowhere}", said.Add, CancellationToken.None));

        Assert.Matches("^ConnectionStrings__rabbitmq: RabbitMQ at .+ answers: NOT_ALLOWED - vhost nowhere not found", refused.Message);
        Assert.Empty(said);
    }

    [Theory]
    [InlineData("localhost:5672")]
    [InlineData("http://user:hidden@localhost")]
    [InlineData("amqp://user:hidden:again@localhost/")]
    [InlineData("amqp://user:hidden@localhost/one/two")]
    public async Task An_address_that_is_not_the_brokers_is_named_and_not_quoted(string given) =>
        Assert.Equal("ConnectionStrings__rabbitmq is not a RabbitMQ address; give it as amqp://user:password@host:port/.",
            (await Assert.ThrowsAsync<StartFailure>(() => GivenServers.Broker(given, said.Add, CancellationToken.None))).Message);

    [Fact]
    public async Task Keep_a_database_of_somebody_elses_that_has_our_name()
    {
        var superuser = (await TestServers.Get()).Postgres;
        await using var taken = await TestDatabase.Create();

        var refused = await Assert.ThrowsAsync<StartFailure>(
            () => Provision.Database(superuser, new(taken.Name, new("postgres")), [], _ => "password", CancellationToken.None));

        Assert.StartsWith($"PostgreSQL already has a database {taken.Name} that is not Allocora's", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_their_databases_and_roles_once_and_a_stranger_cannot_enter()
    {
        var superuser = (await TestServers.Get()).Postgres;
        var database = new DatabaseResource($"given_{Guid.NewGuid():N}", new("postgres"));
        var other = new DatabaseResource($"given_{Guid.NewGuid():N}", new("postgres"));
        string Password(string role) => $"pass'word of {role}";
        string As(DatabaseResource where, string role) => new NpgsqlConnectionStringBuilder(superuser)
        {
            Database = where.Name,
            Username = role,
            Password = Password(role),
            Pooling = false,
        }.ConnectionString;

        for (var round = 0; round < 2; round++)
            foreach (var each in new[] { database, other }) await Provision.Database(superuser, each, [], Password, CancellationToken.None);

        Assert.Null(await PostgresCheck.WhyNotUsable(As(database, database.AppRole), CancellationToken.None));
        await using var tail = NpgsqlDataSource.Create(As(database, database.TailRole));
        await using var keep = tail.CreateCommand("create temporary table kept (id int)");
        Assert.Equal(PostgresErrorCodes.ReadOnlySqlTransaction, (await Assert.ThrowsAsync<PostgresException>(() => keep.ExecuteNonQueryAsync())).SqlState);
        Assert.Null(await PostgresCheck.WhyNotUsable(As(database, database.TailRole), CancellationToken.None));
        var stranger = await PostgresCheck.WhyNotUsable(As(database, other.AppRole), CancellationToken.None);
        Assert.Contains("permission denied for database", stranger!.Sentence, StringComparison.Ordinal);
    }
}
