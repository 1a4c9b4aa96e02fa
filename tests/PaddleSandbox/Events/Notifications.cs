using System.Collections.Immutable;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Events;

/// <summary>The newest notifications, oldest first. There is no end to them, so there is one to what is kept.</summary>
internal sealed class Notifications(Account account)
{
    private const int Most = 10_000;

    private readonly Lock gate = new();
    private ImmutableSortedDictionary<string, Notification> all = ImmutableSortedDictionary.Create<string, Notification>(StringComparer.Ordinal);

    public IReadOnlyList<Notification> All => [.. all.Values];

    public Notification? Find(string id) => all.GetValueOrDefault(id);

    public Notification Existing(string id) => Find(id) ?? throw Refused.Unknown("notification", id);

    public Notification Add(Occurred happened, string destinationId, string origin)
    {
        lock (gate)
        {
            var made = new Notification(account.NewId("ntf", account.Clock.Now), happened, destinationId, origin);
            all = all.Add(made.Id, made);
            if (all.Count > Most) all = all.Remove(all.First().Key);
            return made;
        }
    }

    /// <summary>Puts the later version in the place of the one with its id, if that is still kept.</summary>
    public void Replace(string id, Func<Notification, Notification> change)
    {
        lock (gate)
        {
            if (all.TryGetValue(id, out var was)) all = all.SetItem(id, change(was));
        }
    }
}
