using System.Collections.Immutable;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Events;

/// <summary>All notification settings of the account, oldest first.</summary>
internal sealed class Destinations(Account account)
{
    private const int MostActive = 10;
    private const long RotationTime = Instants.Day;

    private ImmutableList<Destination> all = [];
    private int secrets;

    public IReadOnlyList<Destination> All => all;

    public Destination? Find(string id) => all.Find(one => one.Id == id);

    public Destination Existing(string id) => Find(id) ?? throw Refused.Unknown("notification_setting", id);

    /// <summary>Adds it, or puts it in the place of the one with its id. Called with the account's gate held, as all that changes.</summary>
    public Destination Save(Destination destination)
    {
        var others = all.RemoveAll(one => one.Id == destination.Id);
        if (destination.IsActive && others.Count(one => one.IsActive) >= MostActive)
            throw new Refused(400, "notification_maximum_active_settings_reached", $"No more than {MostActive} notification settings can be active.");
        var at = all.FindIndex(one => one.Id == destination.Id);
        all = at < 0 ? all.Add(destination) : all.SetItem(at, destination);
        return destination;
    }

    public void Remove(string id) => all = all.Remove(Existing(id));

    /// <summary>A new secret takes the place of the old one, which counts for a while yet.</summary>
    public Destination Rotate(string id, long now)
    {
        var was = Existing(id);
        return Save(was with { Secret = NewSecret(id), OldSecret = was.Secret, OldSecretUntil = now + RotationTime });
    }

    public string NewSecret(string id)
    {
        const string Letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        var dice = Dice.Of(account.Options.Seed).For(Purpose.Secret, ++secrets);
        return $"pdl_{id}_{string.Concat(Enumerable.Range(0, 32).Select(at => Letters[dice.Below(Letters.Length, at)]))}";
    }
}
