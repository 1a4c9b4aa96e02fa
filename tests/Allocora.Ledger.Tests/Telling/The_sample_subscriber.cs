using Allocora.Contracts.Messages;
using Allocora.Messaging;
using Allocora.Testing;
using Microsoft.Extensions.DependencyInjection;
using static Allocora.Ledger.Tests.Telling.Happenings;

namespace Allocora.Ledger.Tests.Telling;

public sealed class The_sample_subscriber
{
    private const string Queue = "sample.revenue";

    [Fact]
    public async Task It_counts_each_fact_once_whatever_happens_to_it()
    {
        var file = Path.Combine(Path.GetTempPath(), $"facts-{Guid.NewGuid():N}.txt");
        await using var ledger = await RunningLedger.Start();
        await using var all = await RevenueQueue.Open(ledger.Vhost.Address, "stranger.all", "*.revenue.#");
        try
        {
            await using (var first = await Start(ledger, file))
            {
                await Eventually.Sees(ct => all.ListenersOf(Queue, ct), listeners => listeners == 1);
                await Append(ledger.Database, [.. Told], times: 20);
                await Eventually.Sees(() => Lines(file), lines => lines.Count >= Told.Length);
                await first.Kill();
            }
            var relay = ledger.Of<IServiceProvider>().GetRequiredKeyedService<Relay>(Exchanges.Events);
            await Eventually.Sees(() => all.Ids, ids => ids.Count >= 20 * Told.Length);
            await relay.Rewind(0, CancellationToken.None);
            await Eventually.Sees(() => all.Ids, ids => ids.Count >= 40 * Told.Length);

            await using var second = await Start(ledger, file);
            await relay.Rewind(0, CancellationToken.None);
            await Append(ledger.Database, [.. Told.Select(t => ($"{t.Stream}2", (object)t.Happened))]);
            await Eventually.Sees(() => all.Ids.Distinct().Count(), count => count == 21 * Told.Length);
            await Eventually.Sees(() => Lines(file), lines => lines.Any(l => l.StartsWith(all.Ids[^1], StringComparison.Ordinal)));

            var counted = Lines(file).Select(l => l.Split(' ')[0]).ToList();
            Assert.Equal(all.Ids.Distinct().Order(StringComparer.Ordinal), counted.Order(StringComparer.Ordinal));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void It_is_a_page_long() => Assert.True(
        File.ReadLines(Path.Combine(Repository.Root, "Contracts", "samples", "Subscriber", "Program.cs")).Count() <= 35, "it is longer than 35 lines");

    private static Task<ChildProgram> Start(RunningLedger ledger, string file)
    {
        // From where it was built, as a stranger would run it: beside a web project it would miss a library of the web framework's.
        var built = Path.GetRelativePath(Path.Combine(Repository.Root, "tests", "Allocora.Ledger.Tests"), AppContext.BaseDirectory);
        var folder = Path.Combine(Repository.Root, "Contracts", "samples", "Subscriber", built);
        return ChildProgram.Start(
            "Allocora.Subscriber", "dotnet", folder, new Dictionary<string, string>(),
            Path.Combine(folder, "Allocora.Subscriber.dll"), ledger.Vhost.Address.ToString(), Queue, file);
    }

    // Whoever writes it holds it open.
    private static List<string> Lines(string file)
    {
        if (!File.Exists(file)) return [];
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }
}
