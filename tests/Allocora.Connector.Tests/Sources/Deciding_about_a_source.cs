using Allocora.Contracts.Events;
using Allocora.EventStore;

namespace Allocora.Connector.Tests.Sources;

public sealed class Deciding_about_a_source
{
    private static readonly Source Active = new(
        "ws_1", "src_1", "Shop", "sandbox", "1", new(["USD"], null, []), 60, "active", null, ["report.write"], DateTimeOffset.UnixEpoch, 1);

    private static readonly Source Paused = Active with { State = "paused" }, Stopped = Active with { State = "stopped", StoppedBecause = "key-revoked" },
        Gone = Active with { State = "disconnected" };

    private static readonly SourceKeyRotated NewKey = new("src_1", 2, "pdl_sdbx_apikey_01****", "apikey_2", null, null, [], null);

    [Fact]
    public void An_account_is_connected_once()
    {
        var asked = new SourceConnected("src_2", "Shop", "paddle", "sandbox", "1", "****", null, null, [], new([], null, 60, []));

        Assert.Equal([asked], SourceRules.Connect(null, asked).Events);
        var refusal = SourceRules.Connect(Active, asked).Refusal!;
        Assert.Equal("source-exists", refusal.Code);
        Assert.Contains("Shop (src_1). Rotate the key of that source instead", refusal.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_as_it_was_does_not_happen()
    {
        Assert.Empty(SourceRules.Change(Active, SourceRules.Said(Active)).Events);
        Assert.Empty(SourceRules.Pause(Paused).Events);
        Assert.Empty(SourceRules.Resume(Active, []).Events);
        Assert.Empty(SourceRules.Stop(Stopped, "key-expired").Events);
        Assert.Empty(SourceRules.Stop(Gone, "key-expired").Events);
        Assert.Empty(SourceRules.Disconnect(Gone).Events);
    }

    [Fact]
    public void Of_a_disconnected_source_nothing_can_be_changed() => Assert.All(
        new[]
        {
            SourceRules.Change(Gone, SourceRules.Said(Active)), SourceRules.Pause(Gone), SourceRules.Resume(Gone, []), SourceRules.Rotate(Gone, NewKey),
            SourceRules.SetSecrets(Gone, 1),
        },
        decision => Assert.Equal("source-disconnected", decision.Refusal?.Code));

    [Fact]
    public void A_change_tells_what_was_before()
    {
        var wanted = SourceRules.Said(Active) with { Name = "Other", Terms = new(["EUR"], DateTimeOffset.UnixEpoch, 15, ["ref"]) };
        var changed = Assert.IsType<SourceChanged>(Assert.Single(SourceRules.Change(Active, wanted).Events));

        Assert.Equal(("Shop", wanted), (changed.Before.Name, changed.After));
        var after = SourceRules.Evolve(Active, changed);
        Assert.Equal(("Other", "EUR", DateTimeOffset.UnixEpoch, 15, "ref"),
            (after.Name, after.Terms.Currencies.Single(), after.Terms.StartDate!.Value, after.IntervalMinutes, after.Terms.CustomDataKeys.Single()));
    }

    [Fact]
    public void A_stopped_source_goes_on_with_a_key_that_is_good_and_not_by_a_pause()
    {
        Assert.Equal("source-stopped", SourceRules.Pause(Stopped).Refusal?.Code);
        Assert.Equal([typeof(SourceKeyRotated), typeof(SourceResumed)], SourceRules.Rotate(Stopped, NewKey).Events.Select(e => e.GetType()));
        Assert.Equal("active", After(Stopped, SourceRules.Rotate(Stopped, NewKey)).State);
        Assert.Equal("paused", After(Paused, SourceRules.Rotate(Paused, NewKey)).State);
        Assert.Equal(("active", null), (After(Stopped, SourceRules.Resume(Stopped, [])).State, After(Stopped, SourceRules.Resume(Stopped, [])).StoppedBecause));
    }

    [Theory]
    [InlineData("active")]
    [InlineData("paused")]
    public void The_service_stops_what_runs_and_what_is_paused(string state)
    {
        var after = After(Active with { State = state }, SourceRules.Stop(Active with { State = state }, "key-revoked"));
        Assert.Equal(("stopped", "key-revoked"), (after.State, after.StoppedBecause));
    }

    [Fact]
    public void A_new_key_has_its_own_lacks_and_the_account_stays_known() =>
        Assert.Equal(("1", 0), (After(Active, SourceRules.Rotate(Active, NewKey)).Account, After(Active, SourceRules.Rotate(Active, NewKey)).Lacks.Count));

    private static Source After(Source source, Decision<SourceHappened> decision) => decision.Events.Aggregate(source, SourceRules.Evolve);
}
