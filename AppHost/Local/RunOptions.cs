using System.Globalization;

namespace Allocora.AppHost;

/// <summary>What the front door passes on. It has checked the words; what only we can know is checked here.</summary>
internal sealed record RunOptions(string Verb, string Root, string Data, string Configuration)
{
    public int? Port { get; init; }
    public bool Quiet { get; init; }
    public bool Json { get; init; }
    public string? Postgres { get; init; }
    public string? Broker { get; init; }

    /// <summary>The management API of that broker, for the users of subscribers.</summary>
    public string? BrokerAdmin { get; init; }

    /// <summary>What comes after <c>--</c>, for a program the verb runs.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public static RunOptions Parse(string[] args, IReadOnlyDictionary<string, string> environment)
    {
        // …/bin/Release/net10.0/: the services lie in folders of the same name.
        var own = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        var options = new RunOptions(args.FirstOrDefault() ?? "run", "", "", Path.Combine(Path.GetFileName(Path.GetDirectoryName(own)!), Path.GetFileName(own)))
        {
            Environment = environment,
            Postgres = Given(environment, "ConnectionStrings__postgres"),
            Broker = Given(environment, "ConnectionStrings__rabbitmq"),
            BrokerAdmin = Given(environment, "ConnectionStrings__rabbitmq_admin"),
        };
        var end = Array.IndexOf(args, "--");
        if (end >= 0) options = options with { Words = args[(end + 1)..] };
        for (var i = 1; i < (end < 0 ? args.Length : end); i++)
        {
            options = args[i] switch
            {
                "--root" when i + 1 < args.Length => options with { Root = Path.GetFullPath(args[++i]) },
                "--data" when i + 1 < args.Length => options with { Data = Path.GetFullPath(args[++i]) },
                "--port" when i + 1 < args.Length => options with { Port = PortOf(args[++i]) },
                "--quiet" => options with { Quiet = true },
                "--json" => options with { Json = true },
                var unknown => throw new UsageException($"{unknown} is not an option."),
            };
        }
        if (options.Data == "") throw new UsageException("--data is missing.");
        return options;
    }

    // Set to nothing is not set, as in the shell.
    private static string? Given(IReadOnlyDictionary<string, string> environment, string key) =>
        environment.GetValueOrDefault(key) is { Length: > 0 } value ? value : null;

    private static int PortOf(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65536
            ? port
            : throw new UsageException($"--port wants a number from 1 to 65535, not {text}.");
}

internal sealed class UsageException(string message) : Exception(message);
