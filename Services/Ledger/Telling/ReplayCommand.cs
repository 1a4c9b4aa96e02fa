using System.Globalization;
using Allocora.EventStore;
using Allocora.Messaging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Allocora.Ledger;

/// <summary>
/// <c>dotnet Allocora.Ledger.dll replay</c>: tells one queue again what a workspace's log said to the world between two positions,
/// under the ids it had. It needs the connection strings <c>ledger_worker</c> and <c>rabbitmq</c>, the latter of a user who may
/// send to the default exchange.
/// </summary>
internal static class ReplayCommand
{
    private const int PageSize = 500;
    private const string Worker = "ledger_worker", Rabbit = "rabbitmq",
        Usage = "replay wants --workspace ws_… --from N --to M --queue NAME, where N and M are positions in the log, N from 1 and M not before N.";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <param name="setting">A setting by the name it has in the environment.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> Run(
        IReadOnlyList<string> words, Func<string, string?> setting, TextWriter output, TextWriter error, CancellationToken ct = default)
    {
        if (Range.Parse(words) is not { } range) return await Fail(error, Usage);
        try
        {
            using var host = Host(range, setting);
            await host.StartAsync(ct);
            var count = await Replay(host.Services, range, ct);
            await host.StopAsync(ct);
            await output.WriteLineAsync($"{count} messages of the positions {range.From} to {range.To} went to {range.Queue}.");
            return 0;
        }
        catch (Exception e) when (WhyNot(e) is { } sentence)
        {
            return await Fail(error, $"Nothing more can be replayed: {sentence}");
        }
    }

    private static async Task<long> Replay(IServiceProvider services, Range range, CancellationToken ct)
    {
        var feed = new EventFeed(services.GetRequiredKeyedService<NpgsqlDataSource>(Worker), services.GetRequiredService<TimeProvider>());
        var (position, count) = (range.From - 1, 0L);
        while (position < range.To)
        {
            var page = await feed.After(position, PageSize, range.Workspace, ct).ToListAsync(ct);
            await Publish(services, range.Queue, [.. page.Where(e => e.Sequence <= range.To).SelectMany(TellRevenue.MessagesOf)]);
            if (page.Count < PageSize) break;
            position = page[^1].Sequence;
        }
        return count;

        async Task Publish(IServiceProvider from, string queue, List<OutgoingMessage> messages)
        {
            using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(ct);
            var publisher = from.GetRequiredKeyedService<Publisher>("");
            var publishing = publisher.Publish(messages, giveUp.Token);
            try
            {
                if ((await publishing.WaitAsync(Patience, ct)).Any(d => d == Delivery.Unheard))
                    throw new CannotReplayException($"there is no queue {queue} on the broker; whoever reads it declares it first.");
                count += messages.Count;
            }
            catch (TimeoutException)
            {
                var why = publisher.WaitingBecause ?? from.GetRequiredKeyedService<BrokerConnection>(Broker.Publishing).WaitingBecause;
                await giveUp.CancelAsync();
                throw new CannotReplayException(why ?? "RabbitMQ confirms nothing.");
            }
        }
    }

    private static IHost Host(Range range, Func<string, string?> setting)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection([new($"ConnectionStrings:{Rabbit}", setting($"ConnectionStrings__{Rabbit}"))]);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddKeyedSingleton(Worker, (_, _) => Database.Source(new(setting($"ConnectionStrings__{Worker}")), Worker));
        builder.AddBroker(Rabbit, "ledger replay");
        builder.AddPublisher("ledger", Destination.Again(range.Queue));
        return builder.Build();
    }

    private static async Task<int> Fail(TextWriter error, string sentence)
    {
        await error.WriteLineAsync(sentence);
        return 1;
    }

    private static string? WhyNot(Exception e) => e switch
    {
        CannotReplayException or UnreadableEventException => e.Message,
        OptionsValidationException options => options.Failures.First(),
        PostgresException answer => $"PostgreSQL answers {answer.SqlState}: {answer.MessageText}.",
        NpgsqlException => "PostgreSQL does not answer.",
        // The message may quote the text, password included.
        ArgumentException or FormatException or KeyNotFoundException => $"ConnectionStrings__{Worker} is missing or is not a PostgreSQL connection string.",
        _ => null,
    };

    private sealed class CannotReplayException(string sentence) : Exception(sentence);

    private sealed record Range(string Workspace, long From, long To, string Queue)
    {
        public static Range? Parse(IReadOnlyList<string> words)
        {
            if (words.Count % 2 != 0) return null;
            var given = new Dictionary<string, string>();
            foreach (var pair in words.Chunk(2))
                if (!given.TryAdd(pair[0], pair[1])) return null;
            return given.Count == 4 && given.TryGetValue("--workspace", out var workspace) && given.TryGetValue("--queue", out var queue) && queue != ""
                && Position(given, "--from") is { } from && Position(given, "--to") is { } to && from <= to
                ? new(workspace, from, to, queue)
                : null;
        }

        private static long? Position(Dictionary<string, string> given, string name) =>
            long.TryParse(given.GetValueOrDefault(name), NumberStyles.None, CultureInfo.InvariantCulture, out var position) && position > 0 ? position : null;
    }
}
