using Allocora.Contracts.Events;
using Allocora.EventStore;

namespace Allocora.Connector;

/// <summary>What may be done with a source. Each rule sees the source as it is and decides; nothing else changes one.</summary>
internal static class SourceRules
{
    public const int IntervalMinutesMin = 5, IntervalMinutesMax = 10080, IntervalMinutesUsual = 60, GraceMinutesMax = 1440, SecretsMax = 5;
    public static readonly TimeSpan ExpiresSoon = TimeSpan.FromDays(14);
    private static readonly Refusal Gone = new("source-disconnected", "This source is disconnected. Connect the account again.");

    /// <param name="same">The source that lives and has the account already.</param>
    public static Decision<SourceHappened> Connect(Source? same, SourceConnected asked) => same is null
        ? asked
        : new Refusal("source-exists", $"This account is connected already, as {same.Name} ({same.Id}). Rotate the key of that source instead.");

    public static Decision<SourceHappened> Change(Source source, SourceSaid wanted)
    {
        if (source.State == "disconnected") return Gone;
        var before = Said(source);
        return IsSame(before, wanted) ? Decision.Nothing<SourceHappened>() : new SourceChanged(source.Id, before, wanted);
    }

    /// <summary>A key that was just found good also ends what stopped the source.</summary>
    public static Decision<SourceHappened> Rotate(Source source, SourceKeyRotated asked) => source.State switch
    {
        "disconnected" => Gone,
        "stopped" => new SourceHappened[] { asked, new SourceResumed(source.Id, asked.Lacks) },
        _ => asked,
    };

    public static Decision<SourceHappened> Pause(Source source) => source.State switch
    {
        "disconnected" => Gone,
        "active" => new SourcePaused(source.Id),
        "stopped" => new Refusal("source-stopped", "The service has stopped this source. Put right why, and resume it."),
        _ => Decision.Nothing<SourceHappened>(),
    };

    /// <param name="lacks">As the stored key was found just now.</param>
    public static Decision<SourceHappened> Resume(Source source, IReadOnlyList<string> lacks) => source.State switch
    {
        "disconnected" => Gone,
        "active" => Decision.Nothing<SourceHappened>(),
        _ => new SourceResumed(source.Id, lacks),
    };

    /// <summary>A paused source is stopped as well: resuming it would fail.</summary>
    public static Decision<SourceHappened> Stop(Source source, string because) => source.State is "active" or "paused"
        ? new SourceStopped(source.Id, because)
        : Decision.Nothing<SourceHappened>();

    public static Decision<SourceHappened> Disconnect(Source source) =>
        source.State == "disconnected" ? Decision.Nothing<SourceHappened>() : new SourceDisconnected(source.Id);

    public static Decision<SourceHappened> SetSecrets(Source source, int count) =>
        source.State == "disconnected" ? Gone : new WebhookSecretsSet(source.Id, count);

    /// <summary>The source as its row has it afterwards.</summary>
    public static Source Evolve(Source source, SourceHappened happened) => happened switch
    {
        SourceChanged e => source with
        {
            Name = e.After.Name,
            Terms = new(e.After.Terms.Currencies, e.After.Terms.StartDate, e.After.Terms.CustomDataKeys),
            IntervalMinutes = e.After.Terms.IntervalMinutes,
        },
        SourceKeyRotated e => source with { Account = e.Account ?? source.Account, Lacks = e.Lacks },
        SourcePaused => source with { State = "paused" },
        SourceResumed e => source with { State = "active", StoppedBecause = null, Lacks = e.Lacks },
        SourceStopped e => source with { State = "stopped", StoppedBecause = e.Because },
        SourceDisconnected => source with { State = "disconnected", StoppedBecause = null },
        _ => source,
    };

    public static SourceSaid Said(Source source) =>
        new(source.Name, new(source.Terms.Currencies, source.Terms.StartDate, source.IntervalMinutes, source.Terms.CustomDataKeys));

    private static bool IsSame(SourceSaid one, SourceSaid other) =>
        one.Name == other.Name && one.Terms.StartDate == other.Terms.StartDate && one.Terms.IntervalMinutes == other.Terms.IntervalMinutes
        && one.Terms.Currencies.SequenceEqual(other.Terms.Currencies) && one.Terms.CustomDataKeys.SequenceEqual(other.Terms.CustomDataKeys);
}
