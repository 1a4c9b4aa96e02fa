using System.Globalization;
using System.Net.Http.Json;
using Allocora.Cli;
using Allocora.Contracts.Api;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Microsoft.Extensions.Hosting;

namespace Allocora.Ledger.Tests.Proof;

/// <summary>A ledger with a log that has signed heads, gaps in its numbers and another workspace's events in between, to be tampered with.</summary>
internal sealed class ProvenLedger : IAsyncDisposable
{
    public const string Ledger = $"/api/v1/workspaces/{RunningLedger.Workspace}/ledger";
    private static readonly string[] Tables = ["mt_streams", "mt_events", "allocora_seen", "allocora_seal", "allocora_head", "allocora_signed_head"];
    private readonly List<string> files = [];
    private readonly HttpClient auditor;
    private int appended;

    private ProvenLedger(RunningLedger running) => (Running, auditor) = (running, running.As("ledger.verify", "revenue.read"));

    public RunningLedger Running { get; }

    /// <summary>Positions of the workspace's events, and of numbers that nothing has.</summary>
    public List<long> Events { get; } = [];

    public List<long> Gaps { get; } = [];

    public List<long> Heads { get; } = [];

    public static async Task<ProvenLedger> Start()
    {
        var ledger = new ProvenLedger(await RunningLedger.Start(builder => builder.Configuration["Heads:Events"] = "1"));
        await ledger.Signer.StopAsync(default); // it signs when a test says so
        return ledger;
    }

    /// <summary>Appends calls of five events each, with a gap behind each, and signs after every second.</summary>
    public async Task Grow(int calls)
    {
        var log = new EventLog(Running.Database.Worker);
        for (var call = 1; call <= calls; call++)
        {
            var entries = Enumerable.Range(0, 5).Select(i => Entry(RunningLedger.Workspace, $"paddle-live-pro_{appended + i % 3}")).ToList();
            entries.Add(Entry(RunningLedger.OtherWorkspace, "paddle-live-pro_other"));
            var answers = await log.Append(entries, default);
            Events.AddRange(answers.Take(5).Select(a => a.LastSequence!.Value));
            Gaps.Add((long)(await Running.Database.Ask("select nextval('mt_events_sequence')"))!);
            appended += 2;
            if (call % 2 == 0) await Sign();
        }
    }

    public async Task Sign()
    {
        await Signer.Run(default);
        Heads.Add(Events[^1]);
    }

    private HeadSigner Signer => Running.Of<IEnumerable<IHostedService>>().OfType<HeadSigner>().Single();

    public async Task<LedgerVerification> Verify()
    {
        using var answer = await auditor.PostAsync(new Uri($"{Ledger}/verify", UriKind.Relative), null);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<LedgerVerification>())!;
    }

    /// <summary>The lines of the workspace's export.</summary>
    public async Task<List<string>> Export(string query = "") =>
        [.. (await auditor.GetStringAsync(new Uri($"{Ledger}/export{query}", UriKind.Relative))).Split('\n')[..^1]];

    /// <summary>What the command says of a file with these lines, and how it exits.</summary>
    public async Task<(int Exit, string Said)> Judge(IEnumerable<string> lines, params string[] words)
    {
        var path = Path.GetTempFileName();
        files.Add(path);
        await File.WriteAllTextAsync(path, string.Concat(lines.Select(l => $"{l}\n")));
        return await Judge(path, words);
    }

    public static async Task<(int Exit, string Said)> Judge(string path, params string[] words)
    {
        await using var said = new StringWriter(CultureInfo.InvariantCulture);
        var exit = await VerifyCommand.Run([path, .. words], said, said);
        return (exit, said.ToString().TrimEnd('\n'));
    }

    /// <summary>The public half of its key, in a file as an auditor keeps it.</summary>
    public string KeyFile()
    {
        var path = Path.GetTempFileName();
        files.Add(path);
        File.WriteAllText(path, Running.Of<HeadKey>().PublicPem);
        return path;
    }

    public async Task Copy(string name)
    {
        foreach (var table in Tables) await Running.Database.Ask($"create table {name}_{table} as select * from {table}");
    }

    public async Task PutBack(string name) => await Running.Database.Ask(
        $"truncate {string.Join(", ", Tables)}; " + string.Concat(Tables.Select(t => $"insert into {t} select * from {name}_{t}; ")));

    public async ValueTask DisposeAsync()
    {
        files.ForEach(File.Delete);
        await Running.DisposeAsync();
    }

    // Signs of all kinds, so that what goes through a file and back is more than plain letters.
    private static Entry Entry(string workspace, string stream) => new(workspace, stream, null, null,
    [
        LedgerEvents.Catalog.Seal(
            new ProductSeen("pro_1", "src_1", "live", "Ärger & \"Söhne\" \\ <\U0001F4B6>\n", "active", "standard", null, []), Guid.NewGuid(),
            TimeProvider.System.GetUtcNow(), new(Actor: "usr_1", Correlation: "c+1", Causation: "\"d\"")),
    ]);
}
