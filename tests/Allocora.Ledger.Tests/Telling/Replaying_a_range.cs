using Allocora.Contracts.Messages;
using Allocora.Testing;
using static Allocora.Ledger.Tests.Telling.Happenings;

namespace Allocora.Ledger.Tests.Telling;

public sealed class Replaying_a_range
{
    [Fact]
    public async Task The_same_messages_arrive_in_one_queue_and_in_no_other()
    {
        await using var ledger = await RunningLedger.Start();
        await using var all = await RevenueQueue.Open(ledger.Vhost.Address, "stranger.all", "*.revenue.#");
        await using var one = await RevenueQueue.Open(ledger.Vhost.Address, "stranger.one", binding: null);
        await Append(ledger.Database, [.. Told], RunningLedger.OtherWorkspace);
        await Append(ledger.Database, [.. Told, .. Untold]);
        var first = await Eventually.Sees(() => all.Messages, seen => seen.Count == 2 * Told.Length);

        // The last of the other workspace, and one that is not told, are in the range.
        var answer = await Replay(ledger, Told.Length, 2 * Told.Length + 1, "stranger.one");

        Assert.Equal((0, $"{Told.Length} messages of the positions {Told.Length} to {2 * Told.Length + 1} went to stranger.one.\n", ""), answer);
        var again = await Eventually.Sees(() => one.Messages, seen => seen.Count >= Told.Length);
        foreach (var (told, repeated) in first.Skip(Told.Length).Zip(again, (a, b) => (a, b)))
        {
            Assert.Equal((told.Id, told.Type, told.Body), (repeated.Id, repeated.Type, repeated.Body));
            Assert.Equal(told.RoutingKey, repeated.Headers[Queues.RoutingKeyHeader]);
            Assert.Equal(Sorted(told), Sorted(repeated));
        }
        Assert.Equal(Told.Length, again.Count);
        Assert.Equal(2 * Told.Length, all.Messages.Count);
    }

    [Fact]
    public async Task A_range_longer_than_a_page_arrives_whole()
    {
        await using var ledger = await RunningLedger.Start();
        await using var one = await RevenueQueue.Open(ledger.Vhost.Address, "stranger.one", binding: null);
        await Append(ledger.Database, [.. Told], times: 150);

        var (code, _, _) = await Replay(ledger, 2, 1_199, "stranger.one");

        Assert.Equal(0, code);
        var ids = await Eventually.Sees(() => one.Ids, seen => seen.Count >= 1_198);
        Assert.Equal((1_198, 1_198), (ids.Count, ids.Distinct().Count()));
    }

    [Fact]
    public async Task A_queue_that_is_not_there_is_an_error()
    {
        await using var ledger = await RunningLedger.Start();
        await Append(ledger.Database, [.. Told]);

        Assert.Equal(
            (1, "", "Nothing more can be replayed: there is no queue nobody.has on the broker; whoever reads it declares it first.\n"),
            await Replay(ledger, 1, 8, "nobody.has"));
    }

    [Theory]
    [InlineData]
    [InlineData("--workspace", "ws_1", "--from", "1", "--to", "2")]
    [InlineData("--workspace", "ws_1", "--from", "0", "--to", "2", "--queue", "q")]
    [InlineData("--workspace", "ws_1", "--from", "3", "--to", "2", "--queue", "q")]
    [InlineData("--workspace", "ws_1", "--from", "-3", "--to", "2", "--queue", "q")]
    [InlineData("--workspace", "ws_1", "--from", "1", "--to", "2", "--queue", "q", "--fast")]
    [InlineData("--workspace", "ws_1", "--from", "1", "--from", "2", "--queue", "q")]
    [InlineData("--workspace", "ws_1", "--from", "1", "--to", "2", "--queue", "")]
    public async Task Wrong_words_are_one_line_and_exit_1(params string[] words)
    {
        var (output, error) = (new StringWriter(), new StringWriter());

        Assert.Equal(1, await ReplayCommand.Run(words, _ => null, output, error));

        Assert.Equal("", output.ToString());
        var line = Assert.Single(error.ToString().TrimEnd('\n').Split('\n'));
        Assert.StartsWith("replay wants --workspace ws_… --from N --to M --queue NAME", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_its_settings_it_says_which_one_is_missing()
    {
        var (output, error) = (new StringWriter(), new StringWriter());

        Assert.Equal(1, await ReplayCommand.Run(
            ["--workspace", "ws_1", "--from", "1", "--to", "2", "--queue", "q"], _ => null, output, error));

        Assert.Contains("ConnectionStrings__rabbitmq is missing", error.ToString(), StringComparison.Ordinal);
    }

    private static IEnumerable<KeyValuePair<string, string>> Sorted(RevenueQueue.Arrived message) =>
        message.Headers.Where(h => h.Key is not ("sent-at" or Queues.RoutingKeyHeader)).OrderBy(h => h.Key, StringComparer.Ordinal);

    private static async Task<(int Code, string Output, string Error)> Replay(RunningLedger ledger, long from, long to, string queue)
    {
        var (output, error) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        var settings = new Dictionary<string, string>
        {
            ["ConnectionStrings__ledger_worker"] = ledger.Database.AddressOf("worker"),
            ["ConnectionStrings__rabbitmq"] = ledger.Vhost.Address.ToString(),
        };
        var code = await ReplayCommand.Run(
            ["--workspace", RunningLedger.Workspace, "--from", $"{from}", "--to", $"{to}", "--queue", queue], settings.GetValueOrDefault, output, error);
        return (code, output.ToString(), error.ToString());
    }
}
