using Allocora.EventStore;
using Allocora.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Allocora.Foundation.Tests;

public sealed class Starting_in_production : IAsyncLifetime
{
    private const string Service = LogDatabase.Service;
    private LogDatabase database = null!;

    public async Task InitializeAsync() => database = await LogDatabase.Create();

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task Goes_on_where_nothing_is_lost_and_workspaces_are_apart()
    {
        using var host = Host();
        await host.StartAsync();

        Assert.Equal((true, null), await Hosts.Check(host, $"safety of database {Service}"));
        await host.StopAsync();
    }

    [Theory]
    [InlineData("synchronous_commit")]
    public async Task Ends_where_PostgreSQL_may_forget_what_it_acknowledged(string setting) => await Ends(
        $"PostgreSQL runs with {setting}=off and may lose what it has acknowledged.",
        app: new NpgsqlConnectionStringBuilder(database.AddressOf($"{Service}_app")) { Options = $"-c {setting}=off" }.ConnectionString);

    [Fact]
    public async Task Ends_where_the_server_does_not_write_to_the_disk()
    {
        await using var careless = await OwnPostgres.Start();
        await using var own = await LogDatabase.Create(careless.Superuser);
        await using var superuser = NpgsqlDataSource.Create(own.AddressOf(LogDatabase.Superuser));
        await LogDatabase.Ask(superuser, "alter system set fsync = off");
        await LogDatabase.Ask(superuser, "select pg_reload_conf()");
        await Eventually.Sees(_ => LogDatabase.Ask(superuser, "show fsync"), seen => seen is "off");

        await Ends("PostgreSQL runs with fsync=off and may lose what it has acknowledged.", own);
    }

    [Theory]
    [InlineData("bypassrls")]
    [InlineData("superuser")]
    public async Task Ends_where_its_role_may_read_past_row_level_security(string right)
    {
        var role = $"probe_{right}_{Guid.NewGuid():N}"[..40];
        await using var superuser = NpgsqlDataSource.Create(database.AddressOf(LogDatabase.Superuser));
        await LogDatabase.Ask(superuser, $"create role {role} login {right} password '{role}'");
        try
        {
            var app = new NpgsqlConnectionStringBuilder(database.AddressOf($"{Service}_app")) { Username = role, Password = role, Pooling = false };
            await Ends($"the role {role} may read past row-level security.", app: app.ConnectionString);
        }
        finally
        {
            await LogDatabase.Ask(superuser, $"drop role {role}");
        }
    }

    [Theory]
    [InlineData("alter table probe.mt_events no force row level security")]
    [InlineData("alter table probe.mt_events disable row level security")]
    [InlineData("create schema probe_sales_v1; create table probe_sales_v1.mt_events (tenant_id text)")]
    public async Task Ends_where_one_table_lets_everybody_read_everything(string change)
    {
        await database.Ask(change);

        await Ends("mt_events is not under forced row-level security.");
    }

    [Fact]
    public async Task Asks_a_database_that_was_away_before_it_is_ready_and_ends_when_it_is_not_safe()
    {
        await database.Ask("alter table probe.mt_events no force row level security");
        await database.Ask($"alter database {database.Name} connection limit 0"); // which does not bind a superuser
        using var host = Host();
        await host.StartAsync();
        Assert.Equal((false, "Whether PostgreSQL is set up safely is not known yet."), await Hosts.Check(host, $"safety of database {Service}"));

        await database.Ask($"alter database {database.Name} connection limit -1");

        var ending = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        await Eventually.Sees(() => ending.IsCancellationRequested, ends => ends);
    }

    private async Task Ends(string why, LogDatabase? other = null, string? app = null)
    {
        using var host = Host(other, app);

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.EndsWith(why, Assert.Single(refused.Failures), StringComparison.Ordinal);
    }

    private IHost Host(LogDatabase? other = null, string? app = null) => Hosts.With(
        builder =>
        {
            builder.Services.AddSingleton(TimeProvider.System);
            builder.AddDatabase(LogDatabase.Schema);
        },
        ($"ConnectionStrings:{Service}", app ?? (other ?? database).AddressOf($"{Service}_app")),
        ($"ConnectionStrings:{Service}_worker", (other ?? database).AddressOf($"{Service}_worker")));
}
