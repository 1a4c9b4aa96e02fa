using Allocora.Contracts.Events;
using Allocora.EventStore;

namespace Allocora.Console;

/// <summary>Everything the Console's log may hold.</summary>
internal static class ConsoleEvents
{
    public static EventCatalog Catalog { get; } = new EventCatalog()
        .Add<AccessRefused>().Add<ApiKeyUsed>().Add<RateLimited>().Add<DoorEventsDropped>().Add<Downloaded>()
        .Add<WorkspaceOpened>().Add<WorkspaceChanged>().Add<WorkspaceSlugTaken>()
        .Add<MemberInvited>().Add<InviteRevoked>().Add<MemberJoined>().Add<MemberRoleChanged>().Add<MemberRemoved>()
        .Add<AccessRequested>().Add<AccessApproved>().Add<AccessRejected>().Add<AccessWithdrawn>()
        .Add<ApiKeyGranted>().Add<ApiKeyCollected>().Add<ApiKeyRotated>().Add<ApiKeyRevoked>()
        .Add<SubscriberAdded>().Add<SubscriberRevoked>()
        .Add<SignedIn>().Add<SignInRefused>().Add<SignedOut>().Add<SessionConfirmed>();
}
