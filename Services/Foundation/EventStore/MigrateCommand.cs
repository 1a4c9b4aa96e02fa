using Npgsql;

namespace Allocora.EventStore;

/// <summary><c>dotnet Allocora.X.dll migrate</c>: brings the service's schema up to date and ends. A running service never runs DDL.</summary>
public static class MigrateCommand
{
    public static async Task<int> Run(ServiceSchema schema)
    {
        var service = schema.Service;
        var key = $"ConnectionStrings__{service}_owner";
        try
        {
            await using var owner = NpgsqlDataSource.Create(Environment.GetEnvironmentVariable(key) ?? "");
            var ran = await SchemaInstaller.Migrate(owner, schema, CancellationToken.None);
            Console.WriteLine(ran.Count == 0 ? $"The schema of {service} is up to date." : $"The schema of {service}: {string.Join(", ", ran)}.");
            return 0;
        }
        catch (Exception e) when (WhyNot(e, key) is { } sentence)
        {
            Console.Error.WriteLine($"{service} cannot be migrated: {sentence}");
            return 1;
        }
    }

    private static string? WhyNot(Exception e, string key) => e switch
    {
        SchemaException schema => schema.Message,
        PostgresException answer => $"PostgreSQL answers {answer.SqlState}: {answer.MessageText}.",
        NpgsqlException or TimeoutException => "PostgreSQL does not answer.",
        // Npgsql's message may quote the text, password included.
        ArgumentException or FormatException or KeyNotFoundException => $"{key} is missing or is not a PostgreSQL connection string.",
        _ => null,
    };
}
