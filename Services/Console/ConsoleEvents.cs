using Allocora.Contracts.Events;
using Allocora.EventStore;

namespace Allocora.Console;

/// <summary>Everything the Console's log may hold.</summary>
internal static class ConsoleEvents
{
    public static EventCatalog Catalog { get; } = new EventCatalog()
        .Add<SignedIn>().Add<SignInRefused>().Add<SignedOut>().Add<SessionConfirmed>();
}
