using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Allocora.Contracts.Api;
using Allocora.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace Allocora.Console;

internal sealed class StatusOptions
{
    [Range(typeof(TimeSpan), "00:00:00.5", "00:01:00")] public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(2);
}

/// <summary>Asks every service again and again how it is, and keeps what is known.</summary>
internal sealed partial class StatusWatcher(
    ServiceAddresses addresses, ServiceProbe others, ReadinessProbe own, ServiceIdentity me,
    IOptions<StatusOptions> options, TimeProvider time, ILogger<StatusWatcher> logger) : BackgroundService
{
    private readonly Dictionary<string, string> silences = [];
    private readonly DateTimeOffset started = time.GetUtcNow();
    private volatile SystemStatus? latest;

    /// <summary>What the last whole round found; null while the first is on its way.</summary>
    public SystemStatus? Latest => latest;

    /// <summary>From this age on, what is known no longer counts as current.</summary>
    public TimeSpan StaleAfter => TimeSpan.FromTicks(options.Value.Interval.Ticks * 3);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.Interval, time);
        do
        {
            latest = await Round(stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task<SystemStatus> Round(CancellationToken ct)
    {
        var asked = addresses.All.Select(service => Learn(service.Name, others.Ask(service.Name, service.Address, ct)))
            .Append(Learn(me.Name, AskMyself(ct)));
        var services = await Task.WhenAll(asked);
        return new(time.GetUtcNow(), services);
    }

    private async Task<ServiceStatus> Learn(string name, Task<ServiceAnswer> asking)
    {
        var answer = await asking;
        Note(name, answer);
        var previous = latest?.Services.First(s => s.Name == name) ?? ServiceAnswer.NotAsked(name, started);
        return ServiceAnswer.Merge(previous, answer, time.GetUtcNow());
    }

    private async Task<ServiceAnswer> AskMyself(CancellationToken ct)
    {
        // A parent that is not recorded keeps the database's answer to each round out of the traces.
        using var unrecorded = new Activity("status").Start();
        try
        {
            return new(await own.Check(ct).WaitAsync(ServiceProbe.Patience, time, ct), me.Version, "");
        }
        catch (TimeoutException)
        {
            return new(null, me.Version, ServiceProbe.OutOfPatience);
        }
    }

    // Each service writes its own readiness to its own log; only its silence is ours to tell, once for each reason.
    private void Note(string name, ServiceAnswer answer)
    {
        var reason = answer is { Readiness: null, Version: null } ? answer.Reason : "";
        lock (silences)
        {
            if (silences.GetValueOrDefault(name, "") == reason) return;
            silences[name] = reason;
        }
        // Everything starts at the same time: who has never answered is late, not lost.
        var everAnswered = latest?.Services.FirstOrDefault(s => s.Name == name)?.Version is not null;
        if (reason == "") Answers(name);
        else CannotReach(everAnswered ? LogLevel.Warning : LogLevel.Information, name, reason);
    }

    [LoggerMessage("Cannot reach {Service}: {Reason}")]
    private partial void CannotReach(LogLevel level, string service, string reason);

    [LoggerMessage(LogLevel.Information, "{Service} answers")]
    private partial void Answers(string service);
}

internal static class StatusWatcherRegistration
{
    public static void AddStatusWatcher(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidated<StatusOptions>("Status");
        builder.Services.AddSingleton(ServiceAddresses.From(builder.Configuration));
        builder.Services.AddSingleton<ServiceProbe>();
        builder.Services.AddSingleton<StatusWatcher>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<StatusWatcher>());
    }
}
