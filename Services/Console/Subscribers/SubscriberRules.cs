using System.Collections.Immutable;
using Allocora.Contracts.Events;
using Allocora.EventStore;

namespace Allocora.Console;

/// <summary>The accounts of one workspace on the broker; true for those that are not revoked.</summary>
internal sealed record KnownSubscribers(ImmutableDictionary<string, bool> Live)
{
    public const string Stream = "subscribers";

    public static readonly Decider<KnownSubscribers, SubscriberHappened> Decider = new(new(ImmutableDictionary<string, bool>.Empty), Evolve);

    private static KnownSubscribers Evolve(KnownSubscribers state, SubscriberHappened happened) => happened switch
    {
        SubscriberAdded e => new(state.Live.SetItem(e.Subscriber, true)),
        SubscriberRevoked e => new(state.Live.SetItem(e.Subscriber, false)),
        _ => throw new InvalidOperationException($"{happened.GetType().Name} has no place among the subscribers."),
    };
}

internal static class SubscriberRules
{
    public const int LiveMax = 50;

    public static Decision<SubscriberHappened> Add(KnownSubscribers state, SubscriberAdded asked) =>
        state.Live.Values.Count(isLive => isLive) >= LiveMax
            ? new Refusal("too-many-subscribers", $"A workspace has at most {LiveMax} subscribers. Revoke one first.")
            : asked;

    public static Decision<SubscriberHappened> Revoke(KnownSubscribers state, string subscriber)
    {
        if (!state.Live.TryGetValue(subscriber, out var isLive)) return MemberRules.NotThere("subscriber");
        return isLive ? new SubscriberRevoked(subscriber) : Decision.Nothing<SubscriberHappened>();
    }
}
