using System.Globalization;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox;

/// <summary>What the sandbox is started with.</summary>
internal sealed record Options
{
    public const string Usage = """
        usage: dotnet run --project tests/PaddleSandbox -- [options]
          --port N            of the API; 0 for a free one (default 8090)
          --control-port N    of the control API; 0 for a free one (default 0)
          --seed N            the same seed makes the same history for ever (default 1)
          --transactions N    how many there are in the history (default 6000)
          --months N          over how many months they are spread (default 24)
          --until DATE        where the history ends (default 2026-11-01)
          --now TIME          what the sandbox's clock says at the start (default: where the history ends)
          --payout CURRENCY   the currency the account is paid out in (default USD)
          --live              be the live environment, not Paddle's sandbox
          --no-rate-limit     do not count calls per minute
          --webhook-pace N    how many times faster than Paddle webhooks are tried again (default 1)
          --report-seconds N  how long a report takes to get ready (default: 5 to 15, by the size of the account)
          --report-lag-minutes N  how late what happened is seen by reports (default 0)
          --choice NAME=VALUE make one of the uncertain choices otherwise (see Choices.cs)
        """;

    public int Port { get; init; } = 8090;

    public int ControlPort { get; init; }

    public long Seed { get; init; } = 1;

    public int Transactions { get; init; } = 6_000;

    public int Months { get; init; } = 24;

    public long Until { get; init; } = Instants.Parse("2026-11-01")!.Value;

    public long? Now { get; init; }

    public string Payout { get; init; } = "USD";

    public bool IsLive { get; init; }

    public bool RateLimit { get; init; } = true;

    public int WebhookPace { get; init; } = 1;

    public int? ReportSeconds { get; init; }

    /// <summary>
    /// An object that was changed within the lag is not in a report at all, where Paddle would show it as it was before: older versions of what was
    /// written are not kept.
    /// </summary>
    public int ReportLagMinutes { get; init; }

    public Choices Choices { get; init; } = new();

    /// <summary>Reads the command line. Throws an ArgumentException with one line that names the option.</summary>
    public static Options Parse(IReadOnlyList<string> args)
    {
        var options = new Options();
        for (var at = 0; at < args.Count; at++)
        {
            var name = args[at];
            string Value() => ++at < args.Count ? args[at] : throw new ArgumentException($"{name} wants a value.");
            int Number(int least, int most)
            {
                var isOne = int.TryParse(Value(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most;
                return isOne ? number : throw new ArgumentException($"{name} is a whole number from {least} to {most}, not {args[at]}.");
            }
            long Time() => Instants.Parse(Value())
                ?? throw new ArgumentException($"{name} is a date or a time, 2026-11-01T00:00:00Z for example, not {args[at]}.");
            options = name switch
            {
                "--port" => options with { Port = Number(0, 65535) },
                "--control-port" => options with { ControlPort = Number(0, 65535) },
                "--seed" => options with { Seed = Number(0, int.MaxValue) },
                "--transactions" => options with { Transactions = Number(0, 5_000_000) },
                "--months" => options with { Months = Number(1, 120) },
                "--until" => options with { Until = Time() },
                "--now" => options with { Now = Time() },
                "--payout" => options with { Payout = Currency(Value()) },
                "--live" => options with { IsLive = true },
                "--no-rate-limit" => options with { RateLimit = false },
                "--webhook-pace" => options with { WebhookPace = Number(1, 1_000_000) },
                "--report-seconds" => options with { ReportSeconds = Number(0, 86_400) },
                "--report-lag-minutes" => options with { ReportLagMinutes = Number(0, 2_880) },
                "--choice" => options with { Choices = Choose(options.Choices, Value()) },
                _ => throw new ArgumentException($"There is no option {name}."),
            };
        }
        return options;
    }

    private static string Currency(string code) => Money.Currencies.Payout.Contains(code)
        ? code
        : throw new ArgumentException($"--payout is one of {string.Join(", ", Money.Currencies.Payout)}, not {code}.");

    private static Choices Choose(Choices choices, string setting) => setting.Split('=', 2) is [var name, var value]
        ? choices.With(name, value)
        : throw new ArgumentException("--choice wants NAME=VALUE.");
}
