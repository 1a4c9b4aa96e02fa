using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Allocora.Foundation.Tests;

internal static class Hosts
{
    /// <summary>A host with nothing but what is under test, configured the way a service is.</summary>
    public static IHost With(Action<IHostApplicationBuilder> add, params (string Key, string? Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        foreach (var (key, value) in settings) builder.Configuration[key] = value;
        add(builder);
        return builder.Build();
    }

    public static async Task<(bool Ok, string? Detail)> Check(IHost host, string name, CancellationToken ct = default)
    {
        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(ct);
        return (report.Entries[name].Status == HealthStatus.Healthy, report.Entries[name].Description);
    }
}
