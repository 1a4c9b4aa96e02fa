using Allocora.EventStore;

namespace Allocora.Console;

/// <summary>Invitations into workspaces, each good for one person.</summary>
internal sealed class Invites
{
    private readonly Refusal unknown = new("invite-unknown", "This invitation does not exist, has expired, or was used already.");

    public Task<Refusal?> Accept(string token, string person, Origin origin, CancellationToken ct) => Task.FromResult<Refusal?>(unknown);
}
