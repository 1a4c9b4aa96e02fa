using Allocora.EventStore;
using Allocora.Testing;

namespace Allocora.Foundation.Tests;

[Collection(nameof(MigrateCommand))] // one environment and one console for all of them
public sealed class Migrating_from_the_command_line : IAsyncLifetime
{
    private const string Key = $"ConnectionStrings__{LogDatabase.Service}_owner";
    private const string Form = "give it as Host=…;Port=…;Database=…;Username=…;Password=….";
    private readonly StringWriter output = new(), error = new();
    private readonly (TextWriter Out, TextWriter Error) before = (Console.Out, Console.Error);
    private LogDatabase database = null!;

    public async Task InitializeAsync()
    {
        database = await LogDatabase.Create();
        Console.SetOut(output);
        Console.SetError(error);
    }

    public async Task DisposeAsync()
    {
        Environment.SetEnvironmentVariable(Key, null);
        Console.SetOut(before.Out);
        Console.SetError(before.Error);
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Says_what_ran_and_the_second_time_that_there_was_nothing_to_do()
    {
        await database.Ask("drop schema probe cascade");
        Environment.SetEnvironmentVariable(Key, database.AddressOf($"{LogDatabase.Service}_owner"));

        Assert.Equal((0, 0), (await MigrateCommand.Run(LogDatabase.Schema), await MigrateCommand.Run(LogDatabase.Schema)));

        Assert.StartsWith("The schema of probe: 001_marten.sql, ", output.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("The schema of probe is up to date.\n", output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, $"ConnectionStrings__probe_owner is missing or is not a PostgreSQL connection string; {Form}")]
    [InlineData("Hoost=a;Password=hidden", $"ConnectionStrings__probe_owner is missing or is not a PostgreSQL connection string; {Form}")]
    [InlineData("Host=127.0.0.1;Port=1;Username=a;Password=hidden", "PostgreSQL does not answer.")]
    public async Task Says_in_one_line_why_it_could_not(string? address, string sentence)
    {
        Environment.SetEnvironmentVariable(Key, address);

        Assert.Equal((1, $"probe cannot be migrated: {sentence}\n"), (await MigrateCommand.Run(LogDatabase.Schema), error.ToString()));
    }

    [Fact]
    public async Task What_a_superuser_migrates_belongs_to_the_owner_all_the_same()
    {
        await database.Ask("drop schema probe cascade");
        Environment.SetEnvironmentVariable(Key, database.AddressOf(LogDatabase.Superuser));

        Assert.Equal((0, ""), (await MigrateCommand.Run(LogDatabase.Schema), error.ToString()));

        const string others = """
            select (select count(*) from pg_class where relnamespace = 'probe'::regnamespace and relowner <> 'probe_owner'::regrole)
              + (select count(*) from pg_proc where pronamespace = 'probe'::regnamespace and proowner <> 'probe_owner'::regrole)
            """;
        Assert.Equal(0L, await database.Ask(others));
    }

    [Fact]
    public async Task A_database_of_another_service_is_refused()
    {
        Environment.SetEnvironmentVariable("ConnectionStrings__other_owner", database.AddressOf(LogDatabase.Superuser));

        Assert.Equal(1, await MigrateCommand.Run(new("other")));

        Assert.Equal(
            "other cannot be migrated: PostgreSQL answers P0001: this database holds the schema of probe, and each service has a database of its own.\n",
            error.ToString());
    }

    [Fact]
    public async Task A_role_that_does_not_own_the_schema_is_refused_and_nothing_is_half_done()
    {
        await database.Ask("drop schema probe cascade");
        Environment.SetEnvironmentVariable(Key, database.AddressOf($"{LogDatabase.Service}_app"));

        Assert.Equal(1, await MigrateCommand.Run(LogDatabase.Schema));

        Assert.StartsWith("probe cannot be migrated: PostgreSQL answers 42501: ", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(0L, await database.Ask("select count(*) from pg_namespace where nspname = 'probe'"));
    }
}
