using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Allocora.EventStore;

/// <summary>
/// A PostgreSQL database a service works with, named as its connection string is: <c>ledger</c> for the service's own,
/// <c>ledger_tail</c> for the log of another. What stands before the underscore names the schema.
/// </summary>
public static class Database
{
    /// <summary>Registers the data source under <paramref name="name"/> and makes readiness depend on it.</summary>
    public static IHostApplicationBuilder AddDatabase(this IHostApplicationBuilder builder, string name)
    {
        var settings = Settings(builder.Configuration, name);
        builder.Services.AddKeyedSingleton(name, (_, _) =>
        {
            // Without a name of its own, the data source puts its host, user and database into every span.
            var source = new NpgsqlDataSourceBuilder(settings.ConnectionString) { Name = name };
            return source.Build();
        });
        // A service knows the version of its own schema; whoever wrote a log upstream may be a release behind or ahead.
        var versionMin = name.Contains('_', StringComparison.Ordinal) ? 1 : SchemaInstaller.Version;
        var shown = name.Contains('_', StringComparison.Ordinal) ? $"log of {name.Split('_')[0]}" : $"database {name}";
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(shown,
            provider => new Answers(provider.GetRequiredKeyedService<NpgsqlDataSource>(name), versionMin), HealthStatus.Unhealthy, tags: null));
        return builder;
    }

    private static NpgsqlConnectionStringBuilder Settings(IConfiguration configuration, string name)
    {
        var key = $"ConnectionStrings__{name}";
        var text = configuration.GetConnectionString(name);
        if (string.IsNullOrWhiteSpace(text)) throw Invalid(key, "is missing");
        try
        {
            return new NpgsqlConnectionStringBuilder(text) { ApplicationName = "allocora", SearchPath = name.Split('_')[0] };
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            // Npgsql's message may quote the text, password included.
            throw Invalid(key, "is not a PostgreSQL connection string");
        }
    }

    private static OptionsValidationException Invalid(string key, string what) =>
        new(key, typeof(string), [$"{key} {what}; give it as Host=…;Port=…;Database=…;Username=…;Password=…."]);

    private sealed class Answers(NpgsqlDataSource source, int versionMin) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                await using var command = source.CreateCommand("select coalesce(max(number), 0) from allocora_script");
                var version = (int)(await command.ExecuteScalarAsync(cancellationToken))!;
                return version >= versionMin
                    ? HealthCheckResult.Healthy()
                    : HealthCheckResult.Unhealthy($"The schema is at version {version} and has to be at {versionMin}; run migrate.");
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
            {
                return HealthCheckResult.Unhealthy("The schema is not there yet; run migrate.");
            }
            catch (PostgresException e)
            {
                return HealthCheckResult.Unhealthy($"PostgreSQL answers {e.SqlState}: {e.MessageText}.");
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or SocketException or OperationCanceledException)
            {
                return HealthCheckResult.Unhealthy("PostgreSQL does not answer.");
            }
        }
    }
}
