using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Allocora.EventStore;

/// <summary>The PostgreSQL databases a service works with. What stands before the underscore of a name is the schema.</summary>
public static class Database
{
    /// <summary>The connection string under which a service reads the keys of the tokens it gets from the gateway.</summary>
    public const string GatewayKeys = "console_inner";

    private const int DriversPoolMax = 100, PoolMax = 20;

    /// <summary>
    /// Registers the service's own database twice, each under the name of its connection string: <c>ledger</c> signs in for one
    /// workspace at a time, <c>ledger_worker</c> for all. Readiness depends on both, and on a schema of the version this program knows.
    /// </summary>
    public static IHostApplicationBuilder AddDatabase(this IHostApplicationBuilder builder, ServiceSchema schema)
    {
        builder.Services.AddSingleton(schema);
        Add(builder, $"database {schema.Service}", schema.Version, schema.Service, $"{schema.Service}_worker");
        if (builder.Environment.IsProduction()) Check(builder.Services, schema.Service);
        return builder;
    }

    /// <summary>Registers the log of a service upstream, which may be a release behind or ahead, as <c>ledger_tail</c>.</summary>
    /// <param name="isVital">Whether the service is out of use while that log does not answer.</param>
    public static IHostApplicationBuilder AddLogOf(this IHostApplicationBuilder builder, string upstream, bool isVital = true)
    {
        if (isVital) Add(builder, $"log of {upstream}", versionMin: 1, $"{upstream}_tail");
        else AddSources(builder, $"{upstream}_tail");
        return builder;
    }

    /// <summary>Registers the part of the Console's database in which it keeps this service's keys.</summary>
    public static IHostApplicationBuilder AddGatewayKeys(this IHostApplicationBuilder builder)
    {
        var settings = Settings(builder.Configuration, GatewayKeys);
        builder.Services.AddKeyedSingleton(GatewayKeys, (_, _) => Source(settings, GatewayKeys));
        return builder;
    }

    /// <summary>A data source as services have it.</summary>
    /// <param name="name">As its connection string is called.</param>
    public static NpgsqlDataSource Source(NpgsqlConnectionStringBuilder settings, string name)
    {
        settings.ApplicationName = "allocora";
        settings.SearchPath = name.Split('_')[0];
        // The driver's own bound is as many as a PostgreSQL has for everybody; who gives another gets it.
        if (settings.MaxPoolSize == DriversPoolMax) settings.MaxPoolSize = PoolMax;
        // Appends wait for each other: one that stands still between its statements must not make all others stand still.
        settings.Options = $"{settings.Options} -c lock_timeout=5s -c idle_in_transaction_session_timeout=5s".TrimStart();
        // Without a name of its own, the data source puts its host, user and database into every span.
        return new NpgsqlDataSourceBuilder(settings.ConnectionString) { Name = name }.Build();
    }

    private static void Add(IHostApplicationBuilder builder, string shown, int versionMin, params string[] names)
    {
        AddSources(builder, names);
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(shown,
            provider => new Answers([.. names.Select(name => provider.GetRequiredKeyedService<NpgsqlDataSource>(name))], versionMin),
            HealthStatus.Unhealthy, tags: null));
    }

    private static void AddSources(IHostApplicationBuilder builder, params string[] names)
    {
        foreach (var name in names)
        {
            var settings = Settings(builder.Configuration, name);
            builder.Services.AddKeyedSingleton(name, (_, _) => Source(settings, name));
        }
    }

    private static void Check(IServiceCollection services, string service)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new ServerChecks(
            new[] { service, $"{service}_worker" }.ToDictionary(name => name, provider.GetRequiredKeyedService<NpgsqlDataSource>),
            service, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ServerChecks>>()));
        services.AddHostedService(provider => provider.GetRequiredService<ServerChecks>());
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            $"safety of database {service}", provider => provider.GetRequiredService<ServerChecks>(), HealthStatus.Unhealthy, tags: null));
    }

    private static NpgsqlConnectionStringBuilder Settings(IConfiguration configuration, string name)
    {
        var key = $"ConnectionStrings__{name}";
        var text = configuration.GetConnectionString(name);
        if (string.IsNullOrWhiteSpace(text)) throw Invalid(key, "is missing");
        try
        {
            return new(text);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            // Npgsql's message may quote the text, password included.
            throw Invalid(key, "is not a PostgreSQL connection string");
        }
    }

    private static OptionsValidationException Invalid(string key, string what) =>
        new(key, typeof(string), [$"{key} {what}; give it as Host=…;Port=…;Database=…;Username=…;Password=…."]);

    private sealed class Answers(IReadOnlyList<NpgsqlDataSource> sources, int versionMin) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                foreach (var source in sources)
                {
                    await using var command = source.CreateCommand("select coalesce(max(number), 0) from allocora_script");
                    var version = (int)(await command.ExecuteScalarAsync(cancellationToken))!;
                    if (version < versionMin)
                        return HealthCheckResult.Unhealthy($"The schema is at version {version} and has to be at {versionMin}; run migrate.");
                }
                return HealthCheckResult.Healthy();
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
