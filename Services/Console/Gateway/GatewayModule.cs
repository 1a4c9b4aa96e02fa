using System.ComponentModel.DataAnnotations;
using Allocora.ServiceDefaults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Allocora.Console;

public sealed class GatewayOptions
{
    /// <summary>How long a service may take to begin its answer, once it has the request.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")] public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>The networks of the proxies in front, whose word is taken for who calls.</summary>
    public IReadOnlyList<string> TrustedProxies { get; init; } = [];

    /// <summary>Requests under way at a time; those beyond are told to come back.</summary>
    [Range(1, 100_000)] public int ConcurrentMax { get; init; } = 512;
}

/// <summary>The one public door to the services.</summary>
internal static class GatewayModule
{
    public static void AddGateway(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidated<GatewayOptions>("Gateway");
        builder.Services.AddValidated<InnerKeysOptions>("Inner");
        builder.Services.AddSingleton<IValidateOptions<InnerKeysOptions>, InnerRings.Check>();
        builder.Services.AddSingleton(provider => new InnerRings(
            provider.GetRequiredKeyedService<NpgsqlDataSource>("console_worker"), provider.GetRequiredService<IOptions<InnerKeysOptions>>(),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>(), provider.GetRequiredService<ILogger<InnerRings>>()));
        builder.Services.AddHostedService(provider => provider.GetRequiredService<InnerRings>());
        builder.Services.AddSingleton<Downloads>();
        builder.Services.AddSingleton<AskService>();
        builder.Services.AddSingleton(provider => new Forwarder(
            provider.GetRequiredService<ServiceAddresses>(), provider.GetRequiredService<InnerRings>(),
            provider.GetRequiredService<IOptions<GatewayOptions>>().Value,
            provider.GetRequiredService<Downloads>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<Forwarder>>()));
    }

    /// <summary>In front of whoever reads a body.</summary>
    public static void UseGateway(this WebApplication app) => app.Use(TakesFiles.Admit);

    public static void MapGateway(this WebApplication app)
    {
        app.MapForwardRequest();
        app.MapDeliverWebhook();
        app.MapForwardPlatform();
    }
}
