using System.Collections.Concurrent;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Allocora.Console;

public sealed class InnerKeysOptions
{
    /// <summary>For each service, what opens the keys of its tokens: 32 random bytes in Base64, another one for each.</summary>
    public IReadOnlyDictionary<string, string> Keys { get; init; } = new Dictionary<string, string>();
}

/// <summary>The keys the gateway signs each service's tokens with. It makes the first ones, as soon as the database is there to keep them.</summary>
internal sealed partial class InnerRings(
    NpgsqlDataSource worker, IOptions<InnerKeysOptions> options, TimeProvider time, ILoggerFactory logging, ILogger<InnerRings> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, KeyRing> ready = [];

    /// <returns>Null as long as its keys are not there: asking the database for them is not a request's business.</returns>
    public KeyRing? Of(string service) => ready.GetValueOrDefault(service);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var waiting = ConsoleModule.Services.ToDictionary(service => service, service => InnerTokens.RingFor(
            service, new KeyTable(worker, InnerTokens.RingOf(service)), Setting(service), options.Value.Keys[service], logging));
        var told = false;
        using var timer = new PeriodicTimer(Pause, time);
        do
        {
            foreach (var (service, ring) in waiting)
            {
                if (ring.WhyEmpty() is { } why)
                {
                    if (!told) NoKeys(service, why);
                    told = true;
                    break; // the next would wait for the same database
                }
                ready[service] = ring;
                waiting.Remove(service);
            }
        }
        while (waiting.Count > 0 && await timer.WaitForNextTickAsync(stoppingToken));
    }

    public static string Setting(string service) => $"Inner__Keys__{service}";

    [LoggerMessage(LogLevel.Warning, "There are no keys for the tokens of {Service} yet, and it cannot be called: {Reason}")]
    private partial void NoKeys(string service, string reason);

    /// <summary>Every service has a key of its own, and every key is a service's.</summary>
    internal sealed class Check : IValidateOptions<InnerKeysOptions>
    {
        public ValidateOptionsResult Validate(string? name, InnerKeysOptions options)
        {
            var wrong = ConsoleModule.Services.Where(service => !IsKey(options.Keys.GetValueOrDefault(service)))
                .Select(service => $"{Setting(service)} is not valid: give 32 random bytes in Base64.").ToList();
            var unknown = options.Keys.Keys.Except(ConsoleModule.Services).Select(key => $"{Setting(key)} is not a setting: there is no such service.");
            var shared = options.Keys.GroupBy(k => k.Value).Where(same => same.Key.Length > 0 && same.Count() > 1)
                .Select(same => $"{string.Join(" and ", same.Select(s => Setting(s.Key)))} are the same: give each service a key of its own.");
            wrong.AddRange([.. unknown, .. shared]);
            return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
        }

        private static bool IsKey(string? text) =>
            text is not null && Convert.TryFromBase64String(text, new byte[text.Length], out var length) && length == 32;
    }
}
