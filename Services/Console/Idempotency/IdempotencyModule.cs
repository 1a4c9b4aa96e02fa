using System.ComponentModel.DataAnnotations;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Allocora.Console;

public sealed class IdempotencyOptions
{
    /// <summary>A run that has not been heard of for so long is dead, and the request may be done again.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")] public TimeSpan Lease { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long an answer is given again.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "365.00:00:00")] public TimeSpan Kept { get; init; } = TimeSpan.FromDays(30);

    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")] public TimeSpan Sweep { get; init; } = TimeSpan.FromHours(1);
}

internal static class IdempotencyModule
{
    public static void AddIdempotency(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidated<IdempotencyOptions>("Idempotency");
        builder.Services.AddSingleton(provider => provider.GetRequiredService<IOptions<IdempotencyOptions>>().Value);
        builder.Services.AddDataProtection();
        builder.Services.AddSingleton(provider => new NamedRequests(
            provider.GetRequiredKeyedService<NpgsqlDataSource>("console_worker"), provider.GetRequiredService<IDataProtectionProvider>(),
            provider.GetRequiredService<IdempotencyOptions>(), provider.GetRequiredService<TimeProvider>()));
        builder.Services.AddHostedService<SweepNamedRequests>();
    }

    /// <summary>Behind the check of access, which finds the workspace, and behind all that may still refuse.</summary>
    public static void UseIdempotency(this WebApplication app) => app.UseMiddleware<DoOnce>();
}

/// <summary>Forgets the answers that are too old to be given again.</summary>
internal sealed partial class SweepNamedRequests(
    NamedRequests requests, IdempotencyOptions options, TimeProvider time, ILogger<SweepNamedRequests> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Sweep, time);
        do
        {
            try
            {
                while (await requests.Sweep(stoppingToken))
                {
                    // there are more
                }
            }
            catch (NpgsqlException e)
            {
                NotSwept(e.Message, options.Sweep);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(LogLevel.Warning, "Old idempotency keys were not deleted and will be in {Pause}: {Reason}")]
    private partial void NotSwept(string reason, TimeSpan pause);
}
