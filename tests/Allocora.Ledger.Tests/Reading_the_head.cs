using System.Net.Http.Json;
using Allocora.Contracts.Api;

namespace Allocora.Ledger.Tests;

public sealed class Reading_the_head
{
    [Fact]
    public async Task A_log_without_events_has_a_head_too()
    {
        await using var ledger = await RunningLedger.Start();
        var head = await ledger.As("revenue.read").GetFromJsonAsync<LedgerHead>($"/api/v1/workspaces/{RunningLedger.Workspace}/ledger/head");
        Assert.Equal(new(0, 0, null, null), head);
    }
}
