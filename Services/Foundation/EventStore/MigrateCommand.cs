using Npgsql;

namespace Allocora.EventStore;

/// <summary><c>dotnet Allocora.X.dll migrate</c>: brings the service's schema up to date and ends. A running service never runs DDL.</summary>
public static class MigrateCommand
{
    public static Task<int> Run(ServiceSchema schema) => AsOwner(schema, "migrated", async owner =>
    {
        var ran = await SchemaInstaller.Migrate(owner, schema, CancellationToken.None);
        return ran.Count == 0 ? $"The schema of {schema.Service} is up to date." : $"The schema of {schema.Service}: {string.Join(", ", ran)}.";
    });

    /// <summary>Runs what only the owner of the schema may, and says how it went in one line.</summary>
    internal static async Task<int> AsOwner(ServiceSchema schema, string what, Func<NpgsqlDataSource, Task<string>> work)
    {
        var key = $"ConnectionStrings__{schema.Service}_owner";
        try
        {
            await using var owner = NpgsqlDataSource.Create(Environment.GetEnvironmentVariable(key) ?? "");
            Console.WriteLine(await work(owner));
            return 0;
        }
        catch (Exception e) when (WhyNot(e, key) is { } sentence)
        {
            Console.Error.WriteLine($"{schema.Service} cannot be {what}: {sentence}");
            return 1;
        }
    }

    private static string? WhyNot(Exception e, string key) => e switch
    {
        SchemaException schema => schema.Message,
        PostgresException { SqlState: PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName } =>
            "the schema is not there yet; run migrate.",
        PostgresException answer => $"PostgreSQL answers {answer.SqlState}: {answer.MessageText}.",
        NpgsqlException or TimeoutException => "PostgreSQL does not answer.",
        // Npgsql's message may quote the text, password included.
        ArgumentException or FormatException or KeyNotFoundException =>
            $"{key} is missing or is not a PostgreSQL connection string; give it as Host=…;Port=…;Database=…;Username=…;Password=….",
        _ => null,
    };
}
