using System.Globalization;
using System.Net.Http.Json;
using Allocora.Contracts.Api;
using Allocora.Contracts.Messages;
using Allocora.Testing;
using Microsoft.AspNetCore.Builder;

namespace Allocora.Ledger.Tests;

/// <summary>A ledger, somebody who tells it what was seen, and what a test asks it over the API.</summary>
internal sealed class TalkingLedger : IAsyncDisposable
{
    private static readonly string[] Permissions = ["revenue.read", "rows.decide", "ledger.verify", "dead-letters.replay"];
    private int ended;

    private TalkingLedger(RunningLedger ledger, Teller teller) => (Ledger, Teller, Api) = (ledger, teller, ledger.As(Permissions));

    public RunningLedger Ledger { get; }

    public Teller Teller { get; }

    public HttpClient Api { get; }

    /// <summary>The test breaks the books on purpose: they are not checked at its end.</summary>
    public bool IsBroken { get; set; }

    public static string Path => $"/api/v1/workspaces/{RunningLedger.Workspace}";

    public static async Task<TalkingLedger> Start(Action<WebApplicationBuilder>? more = null)
    {
        var ledger = await RunningLedger.Start(more);
        return new(ledger, await Teller.Open(ledger.Vhost));
    }

    /// <summary>Tells it, and returns when the books show all of it.</summary>
    public async Task Tell(params object[] seen)
    {
        await Teller.Tell(seen);
        await CaughtUp();
    }

    /// <summary>Returns when all that was told before is in the log and the books.</summary>
    public async Task CaughtUp()
    {
        var run = $"run_{(++ended).ToString(CultureInfo.InvariantCulture).PadLeft(26, '0')}";
        await Teller.Tell(new PaddleRunEnded(run, MadeUp.Source, "live", "normal", 0, 0, new Dictionary<string, long>(), null));
        await Eventually.Sees(
            async _ => await Ledger.Database.Ask($"""
                select p.last_seq_id >= e.seq_id from mt_events as e, mt_event_progression as p
                where e.stream_id = 'run-{run}' and p.name = 'books:v1'
                """), isThere => isThere is true, TimeSpan.FromMinutes(2));
    }

    public async Task<List<FactDetails>> Facts(string query = "")
    {
        var facts = new List<FactDetails>();
        for (string? cursor = null; ;)
        {
            var page = (await Api.GetFromJsonAsync<Page<FactDetails>>($"{Path}/facts?limit=200{query}{(cursor is null ? "" : $"&cursor={cursor}")}"))!;
            facts.AddRange(page.Data);
            if ((cursor = page.End.NextCursor) is null) return facts;
        }
    }

    public async Task<T> Ask<T>(string what) => (await Api.GetFromJsonAsync<T>($"{Path}/{what}"))!;

    public async Task<InvariantReport> Check()
    {
        var answer = await Api.PostAsync($"{Path}/ledger/invariants/check", content: null);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<InvariantReport>())!;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (IsBroken) return;
            var broken = (await Check()).Results.Where(r => r.Blocks && r.Breaches > 0);
            Assert.True(!broken.Any(), string.Join(' ', broken.Select(r => $"{r.Id}: {r.Says} Not so for {string.Join(", ", r.Examples)}.")));
        }
        finally
        {
            await Teller.DisposeAsync();
            await Ledger.DisposeAsync();
        }
    }
}
