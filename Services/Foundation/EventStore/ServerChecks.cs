using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Allocora.EventStore;

/// <summary>
/// In production, a database that may forget what it has acknowledged, or that does not keep workspaces apart, ends the service
/// before it does anything. A database that is away is asked as soon as it answers, and until then the service is not ready.
/// </summary>
internal sealed partial class ServerChecks(
    IReadOnlyDictionary<string, NpgsqlDataSource> sources, string service, TimeProvider time, ILogger<ServerChecks> logger) : BackgroundService, IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5), AgainAfter = TimeSpan.FromSeconds(1);
    private volatile bool isChecked;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        isChecked = await Answers(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(isChecked ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("Whether PostgreSQL is set up safely is not known yet."));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(AgainAfter, time);
        try
        {
            while (!isChecked && await timer.WaitForNextTickAsync(stoppingToken)) isChecked = await Answers(stoppingToken);
        }
        catch (OptionsValidationException e)
        {
            Refused(e.Message);
            throw;
        }
    }

    // Not before it answers can it be said whether it is safe.
    private async Task<bool> Answers(CancellationToken ct)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, patience.Token);
        try
        {
            foreach (var (name, source) in sources)
            {
                if (await WhyUnsafe(source, either.Token) is { } why)
                    throw new OptionsValidationException(name, typeof(string), [$"ConnectionStrings__{name} is not fit for production: {why}"]);
            }
            return true;
        }
        catch (Exception e) when ((e is NpgsqlException or TimeoutException or OperationCanceledException) && !ct.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task<string?> WhyUnsafe(NpgsqlDataSource source, CancellationToken ct)
    {
        const string question = """
            select case
              when s.name is not null then format('PostgreSQL runs with %s=off and may lose what it has acknowledged.', s.name)
              when r.rolsuper or r.rolbypassrls then format('the role %s may read past row-level security.', current_user)
              when t.name is not null then format('the table %s is not under forced row-level security.', t.name)
            end
            from pg_roles as r
            left join lateral (
              select name from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off' limit 1
            ) as s on true
            left join lateral (
              select c.oid::regclass::text as name
              from pg_class as c
              join pg_namespace as n on n.oid = c.relnamespace
              join pg_attribute as a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
              where (n.nspname = $1 or starts_with(n.nspname, $1 || '_')) and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)
              order by 1 limit 1
            ) as t on true
            where r.rolname = current_user
            """;
        await using var command = source.CreateCommand(question);
        command.Parameters.Add(new() { Value = service });
        return await command.ExecuteScalarAsync(ct) as string;
    }

    [LoggerMessage(LogLevel.Critical, "{Reason}")]
    private partial void Refused(string reason);
}
