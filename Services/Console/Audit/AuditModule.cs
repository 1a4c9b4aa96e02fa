using Allocora.EventStore;
using Npgsql;

namespace Allocora.Console;

/// <summary>The audit trail: what it reads, what keeps it up, and its routes.</summary>
internal static class AuditModule
{
    public static void AddAudit(this WebApplicationBuilder builder)
    {
        foreach (var service in ConsoleModule.Services) builder.AddLogOf(service, isVital: false);
        builder.Services.AddSingleton(provider => new AuditReader(
            [.. AuditTrail.Logs.Select(log => (log, provider.GetRequiredKeyedService<ProjectionReader>(AuditTrail.NameOf(log))))]));
        builder.Services.AddSingleton(provider => new ServiceLogs(AuditTrail.Logs.ToDictionary(log => log, log =>
            provider.GetRequiredKeyedService<NpgsqlDataSource>(log == AuditTrail.Own ? $"{log}_worker" : $"{log}_tail"))));
        builder.Services.AddSingleton<ReadAudit>();
        builder.Services.AddSingleton<ExportAudit>();
        builder.Services.AddSingleton<VerifyAudit>();
        builder.Services.AddSingleton(provider => new Journal(
            provider.GetRequiredKeyedService<NpgsqlDataSource>("console_worker"), ConsoleEvents.Catalog, provider.GetRequiredService<TimeProvider>()));
        builder.Services.AddHostedService<JournalWriter>();
        builder.Services.AddSingleton<KeyUse>();
    }

    public static void MapAudit(this IEndpointRouteBuilder routes)
    {
        ReadAudit.Map(routes);
        ExportAudit.Map(routes);
        VerifyAudit.Map(routes);
    }
}
