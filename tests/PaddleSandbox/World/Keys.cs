using System.Collections.Concurrent;

namespace Allocora.PaddleSandbox.World;

/// <summary>An API key, what it may do, and whether it still counts.</summary>
internal sealed record ApiKey(string Token, IReadOnlySet<string> Permissions, long? ExpiresAt = null, bool IsRevoked = false)
{
    public string Id => "apikey_" + Token.Split('_')[3];
}

/// <summary>The account's API keys, in Paddle's form.</summary>
internal sealed class Keys
{
    public static readonly string[] Permissions =
    [
        .. new[]
        {
            "address", "adjustment", "business", "client_token", "customer", "discount", "notification", "notification_setting",
            "notification_simulation", "payment_method", "price", "product", "report", "subscription", "transaction",
        }.SelectMany(entity => new[] { entity + ".read", entity + ".write" }), "customer_auth_token.write", "customer_portal_session.write",
    ];

    private readonly ConcurrentDictionary<string, ApiKey> keys = new();
    private int issued;

    /// <summary>A key that may do everything, always the same for a seed.</summary>
    public ApiKey First { get; }

    public Keys(Options options)
    {
        First = Issue(options, Permissions);
    }

    public ApiKey Issue(Options options, IEnumerable<string> permissions, long? expiresAt = null)
    {
        var dice = Dice.Of(options.Seed).For(Purpose.Key, Interlocked.Increment(ref issued) - 1);
        var environment = options.IsLive ? "live" : "sdbx";
        var token = $"pdl_{environment}_apikey_{Letters(dice.For(1), 26, 36)}_{Letters(dice.For(2), 22, 62)}_{Letters(dice.For(3), 3, 62)}";
        return keys[token] = new ApiKey(token, permissions.ToHashSet(), expiresAt);
    }

    public ApiKey? Find(string token) => keys.GetValueOrDefault(token);

    public ApiKey? ById(string id) => keys.Values.FirstOrDefault(key => key.Id == id);

    public void Replace(ApiKey key) => keys[key.Token] = key;

    private static string Letters(Dice dice, int length, int kinds) => string.Create(length, (dice, kinds), static (to, x) =>
    {
        for (var at = 0; at < to.Length; at++) to[at] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[x.dice.Below(x.kinds, at)];
    });
}
