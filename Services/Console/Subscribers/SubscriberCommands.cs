using Allocora.Contracts.Events;
using Allocora.EventStore;

namespace Allocora.Console;

/// <summary>The two ways to read the accounts on the broker: of one workspace, as the database makes sure, and of all.</summary>
internal sealed record SubscriberReaders(ProjectionReader One, ProjectionReader All);

/// <summary>Everything that changes who may listen to a workspace goes through here.</summary>
internal sealed class SubscriberCommands(Streams streams, SubscriberReaders shown)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly Refusal Contended = new("contended", "Others changed the subscribers at the same time. Try again.");

    public async Task<Told> Tell(
        string workspace, Asking asking, Func<KnownSubscribers, Decision<SubscriberHappened>> decide, CancellationToken ct)
    {
        try
        {
            var standing = await streams.Transact(
                workspace, KnownSubscribers.Stream, KnownSubscribers.Decider, decide, asking.Origin, asking.Command, ct);
            if (standing.Refusal is { } refusal) return new(refusal, IsAgain: false, [], IsShown: true);
            // The user still has to be made, or to go, whether or not the caller waits for it.
            var isShown = await shown.All.WaitUntil(standing.LastSequence, Patience, CancellationToken.None);
            return new(null, standing.Outcome == Outcome.Duplicate, [], isShown);
        }
        catch (StreamContendedException)
        {
            return new(Contended, IsAgain: false, [], IsShown: true);
        }
    }
}
