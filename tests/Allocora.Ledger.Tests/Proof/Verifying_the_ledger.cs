using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using Allocora.Contracts.Api;
using Allocora.EventStore;

namespace Allocora.Ledger.Tests.Proof;

public sealed class Verifying_the_ledger : IAsyncLifetime
{
    private ProvenLedger ledger = null!;

    public async Task InitializeAsync() => ledger = await ProvenLedger.Start();

    public async Task DisposeAsync() => await ledger.DisposeAsync();

    [Fact]
    public async Task An_untouched_log_is_whole_and_says_how_far_it_goes()
    {
        Assert.Equal((true, 0L, null, "none"), Of(await ledger.Verify()));

        await ledger.Grow(4);

        var seen = await ledger.Verify();
        Assert.Equal((true, 20L, null, "compared"), Of(seen));
        var head = await ledger.Running.As("revenue.read").GetFromJsonAsync<LedgerHead>($"{ProvenLedger.Ledger}/head");
        Assert.Equal(head!.Chain, seen.Chain);
    }

    [Fact]
    public async Task Events_that_no_head_outside_vouches_for_are_not_called_whole()
    {
        await ledger.Grow(1);
        Assert.Equal((false, 5L, null, "unsigned"), Of(await ledger.Verify()));

        await ledger.Sign();
        Assert.Equal((true, 5L, null, "compared"), Of(await ledger.Verify()));
    }

    [Theory]
    [InlineData("gone", "missing")]
    [InlineData("shortened", "missing")]
    [InlineData("written into", "spoilt")]
    [InlineData("of another key", "spoilt")]
    [InlineData("a folder", "spoilt")]
    public async Task A_file_of_heads_that_is_not_what_it_was_is_an_answer(string what, string heads)
    {
        await ledger.Grow(4);
        var path = ledger.Running.Heads.File;
        var lines = await File.ReadAllLinesAsync(path);
        File.Delete(path);
        if (what == "shortened") await File.WriteAllLinesAsync(path, lines[..^2]);
        else if (what == "written into") await File.WriteAllLinesAsync(path, [.. lines, "{}"]);
        else if (what == "a folder") Directory.CreateDirectory(path);
        else if (what == "of another key")
        {
            using var other = HeadKey.Open($"{path}.other.pem");
            await new HeadFile(path, "ledger").Add([other.Sign(new("ledger", "ws_any", 1, 1, "00", TimeProvider.System.GetUtcNow(), "", ""))], default);
        }

        Assert.Equal((false, 20L, null, heads), Of(await ledger.Verify()));
        Assert.Contains(ledger.Running.Logged, l => l.StartsWith("Error: The log of ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_file_that_is_being_written_is_waited_for()
    {
        await ledger.Grow(2);
        Task<LedgerVerification> asked;
        await using (new FileStream(ledger.Running.Heads.File, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            asked = ledger.Verify();
            Assert.NotSame(asked, await Task.WhenAny(asked, Task.Delay(TimeSpan.FromMilliseconds(300))));
        }
        Assert.True((await asked).Ok);
    }

    [Fact]
    public async Task Only_who_may_verify_can_and_only_one_workspace()
    {
        await ledger.Grow(2);
        using var answer = await ledger.Running.As("revenue.read").PostAsync(new Uri($"{ProvenLedger.Ledger}/verify", UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);

        var strange = ledger.Running.In(RunningLedger.OtherWorkspace, "ledger.verify", "revenue.read");
        using var elsewhere = await strange.GetAsync(new Uri($"{ProvenLedger.Ledger}/checkpoints", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, elsewhere.StatusCode);
        var own = await strange.GetFromJsonAsync<LedgerCheckpoints>($"/api/v1/workspaces/{RunningLedger.OtherWorkspace}/ledger/checkpoints");
        Assert.Equal([2L], own!.Data.Select(c => c.Events));
    }

    [Fact]
    public async Task Anybody_can_check_the_signatures_of_the_checkpoints()
    {
        await ledger.Grow(6);
        var reader = ledger.Running.As("revenue.read");

        var first = await reader.GetFromJsonAsync<LedgerCheckpoints>($"{ProvenLedger.Ledger}/checkpoints?limit=2");
        var rest = await reader.GetFromJsonAsync<LedgerCheckpoints>($"{ProvenLedger.Ledger}/checkpoints?limit=2&cursor={first!.End.NextCursor}");

        Assert.Equal(ledger.Heads.AsEnumerable().Reverse(), first.Data.Concat(rest!.Data).Select(c => c.Sequence));
        Assert.Equal((true, false), (first.End.HasMore, rest.End.HasMore));
        using var key = ECDsa.Create();
        key.ImportFromPem(first.Key.PublicKey);
        foreach (var c in first.Data)
        {
            // As the documentation says it, without code of ours.
            var at = c.At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
            var statement = $"allocora head 1\nledger\n{RunningLedger.Workspace}\n{c.Sequence}\n{c.Events}\n{c.Chain}\n{at}\n";
            Assert.True(key.VerifyData(Encoding.UTF8.GetBytes(statement), Convert.FromBase64String(c.Signature), HashAlgorithmName.SHA256));
        }
        foreach (var wrong in new[] { "cursor=key_1", "cursor=99999999999999999999", "limit=0" })
        {
            using var refused = await reader.GetAsync(new Uri($"{ProvenLedger.Ledger}/checkpoints?{wrong}", UriKind.Relative));
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        }
    }

    private static (bool, long, long?, string) Of(LedgerVerification seen) => (seen.Ok, seen.Events, seen.FirstBad, seen.Heads);
}
