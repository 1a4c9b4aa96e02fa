using System.Diagnostics;
using Allocora.EventStore;
using Allocora.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Allocora.Foundation.Tests;

public sealed class A_database_a_service_works_with : IAsyncLifetime
{
    private const string Service = LogDatabase.Service;
    private static readonly ServiceSchema Schema = LogDatabase.Schema;
    private LogDatabase database = null!;

    public async Task InitializeAsync() => database = await LogDatabase.Create();

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task Is_ready_when_its_schema_is_there()
    {
        using var host = Hosts.With(b => b.AddDatabase(Schema).AddLogOf(Service), [.. Own(), Tail()]);

        Assert.Equal((true, null), await Hosts.Check(host, $"database {Service}"));
        Assert.Equal((true, null), await Hosts.Check(host, $"log of {Service}"));
    }

    [Fact]
    public async Task Is_not_ready_when_the_role_that_works_for_all_workspaces_cannot_sign_in()
    {
        using var host = Hosts.With(b => b.AddDatabase(Schema), Own()[0],
            ($"ConnectionStrings:{Service}_worker", new NpgsqlConnectionStringBuilder(Own()[1].Value) { Password = "another" }.ConnectionString));

        Assert.False((await Hosts.Check(host, $"database {Service}")).Ok);
    }

    [Fact]
    public async Task Is_not_ready_before_somebody_migrated_it_and_ready_after()
    {
        await database.Ask("drop schema probe cascade");
        using var host = Hosts.With(b => b.AddDatabase(Schema), Own());
        Assert.Equal((false, "The schema is not there yet; run migrate."), await Hosts.Check(host, $"database {Service}"));

        await SchemaInstaller.Migrate(database.Owner, Schema, default);

        Assert.Equal((true, null), await Hosts.Check(host, $"database {Service}"));
    }

    [Fact]
    public async Task Is_not_ready_at_an_older_version_than_the_program_knows_but_a_log_upstream_is()
    {
        await database.Ask($"delete from allocora_script where number = {Schema.Version}");
        var before = await database.Ask("select max(number) from allocora_script");
        using var host = Hosts.With(b => b.AddDatabase(Schema).AddLogOf(Service), [.. Own(), Tail()]);

        Assert.Equal(
            (false, $"The schema is at version {before} and has to be at {Schema.Version}; run migrate."),
            await Hosts.Check(host, $"database {Service}"));
        Assert.Equal((true, null), await Hosts.Check(host, $"log of {Service}"));
    }

    [Fact]
    public async Task Says_what_PostgreSQL_refuses_and_keeps_the_password_to_itself()
    {
        var wrong = new NpgsqlConnectionStringBuilder(database.AddressOf($"{Service}_app")) { Password = "not-the-password" }.ConnectionString;
        using var host = Hosts.With(b => b.AddLogOf("ledger"), ("ConnectionStrings:ledger_tail", wrong));

        var (ok, detail) = await Hosts.Check(host, "log of ledger");

        Assert.False(ok);
        Assert.StartsWith("PostgreSQL answers 28P01:", detail, StringComparison.Ordinal);
        Assert.DoesNotContain("not-the-password", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Says_that_nobody_answers()
    {
        using var host = Hosts.With(b => b.AddLogOf("ledger"), ("ConnectionStrings:ledger_tail", "Host=127.0.0.1;Port=1;Username=nobody;Database=none"));

        Assert.Equal((false, "PostgreSQL does not answer."), await Hosts.Check(host, "log of ledger"));
    }

    [Fact]
    public void Is_asked_for_by_no_readiness_when_the_service_can_do_without()
    {
        using var host = Hosts.With(b => b.AddLogOf("ledger", isVital: false),
            ("ConnectionStrings:ledger_tail", "Host=127.0.0.1;Port=1;Username=nobody;Database=none"));

        Assert.Empty(host.Services.GetRequiredService<IOptions<HealthCheckServiceOptions>>().Value.Registrations);
        var source = host.Services.GetRequiredKeyedService<NpgsqlDataSource>("ledger_tail");
        Assert.Equal("ledger", new NpgsqlConnectionStringBuilder(source.ConnectionString).SearchPath);
    }

    [Fact]
    public async Task Is_ready_again_without_a_restart_once_it_is_back()
    {
        using var host = Hosts.With(b => b.AddDatabase(Schema), Own());
        Assert.True((await Hosts.Check(host, $"database {Service}")).Ok);

        await Administer($"alter database {database.Name} with allow_connections false");
        await Administer($"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{database.Name}'");
        await Eventually.Sees(ct => Hosts.Check(host, $"database {Service}", ct), seen => !seen.Ok);

        await Administer($"alter database {database.Name} with allow_connections true");
        await Eventually.Sees(ct => Hosts.Check(host, $"database {Service}", ct), seen => seen.Ok);
    }

    [Fact]
    public async Task Is_known_in_traces_by_its_name_and_not_by_its_address()
    {
        var named = new List<object?>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity => { lock (named) named.Add(activity.GetTagItem("db.npgsql.data_source")); },
        };
        ActivitySource.AddActivityListener(listener);
        using var host = Hosts.With(b => b.AddDatabase(Schema), Own());

        await Hosts.Check(host, $"database {Service}");

        lock (named) Assert.Contains(Service, named);
    }

    [Theory]
    [InlineData(null, "ConnectionStrings__ledger_tail is missing")]
    [InlineData("", "ConnectionStrings__ledger_tail is missing")]
    [InlineData("Hoost=127.0.0.1;Password=not-for-the-log", "ConnectionStrings__ledger_tail is not a PostgreSQL connection string")]
    [InlineData("Host=127.0.0.1;Port=not-for-the-log", "ConnectionStrings__ledger_tail is not a PostgreSQL connection string")]
    public void A_connection_string_that_cannot_work_is_named_and_not_quoted(string? text, string sentence)
    {
        var refused = Assert.Throws<OptionsValidationException>(() => Hosts.With(b => b.AddLogOf("ledger"), ("ConnectionStrings:ledger_tail", text)));

        Assert.StartsWith(sentence, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("not-for-the-log", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_databases_a_service_works_with_are_told_apart_by_name()
    {
        using var host = Hosts.With(b => b.AddLogOf("ledger").AddLogOf("connector"),
            ("ConnectionStrings:ledger_tail", "Host=127.0.0.1;Database=one"), ("ConnectionStrings:connector_tail", "Host=127.0.0.1;Database=two"));

        var databases = new[] { "ledger_tail", "connector_tail" }
            .Select(name => new NpgsqlConnectionStringBuilder(host.Services.GetRequiredKeyedService<NpgsqlDataSource>(name).ConnectionString).Database);

        Assert.Equal(["one", "two"], databases);
    }

    private (string Key, string? Value)[] Own() =>
    [
        ($"ConnectionStrings:{Service}", database.AddressOf($"{Service}_app")),
        ($"ConnectionStrings:{Service}_worker", database.AddressOf($"{Service}_worker")),
    ];

    private (string Key, string? Value) Tail() => ($"ConnectionStrings:{Service}_tail", database.AddressOf($"{Service}_tail"));

    private static async Task Administer(string statement)
    {
        await using var source = NpgsqlDataSource.Create((await TestServers.Get()).Postgres);
        await using var command = source.CreateCommand(statement);
        await command.ExecuteNonQueryAsync();
    }
}
