using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Money;

/// <summary>What currencies are worth, day by day: they wander, each in its own way, and always the same for a seed.</summary>
internal sealed class Rates(long seed)
{
    /// <summary>What Paddle keeps of a rate when it converts.</summary>
    public static readonly Ratio Margin = new(2, 2);

    private const int NoisePlaces = 16;

    private readonly Dice dice = Dice.Of(seed).For(Purpose.Rates);

    /// <summary>How many whole units of the other currency one of this is worth on the day of the instant, before any margin.</summary>
    public Ratio Base(string from, string to, long instant)
    {
        if (from == to) return Ratio.One;
        var (over, under) = (Dollars(from, instant / Instants.Day), Dollars(to, instant / Instants.Day));
        // Seven places are enough for a pound, not for a yen.
        var places = over < under / 20 ? 10 : 7;
        return Plain(Rounding.Divide((Int128)over * (places == 7 ? 10_000_000 : 10_000_000_000), under), places);
    }

    /// <summary>What an amount is worth in another currency, before any margin.</summary>
    public long Convert(long amount, string from, string to, long instant) => new Exchange(from, to, Base(from, to, instant)).Convert(amount);

    /// <summary>The rate as payout totals show it: base × (1 − margin), and now and then with the noise of a float in its last place.</summary>
    public Exchange Exchange(string from, string to, long instant)
    {
        if (from == to) return new(from, to, Ratio.One);
        var rate = Base(from, to, instant);
        var final = Plain(rate.Digits * Margin.Rest.Digits, rate.Places + Margin.Places);
        if (!dice.For(Currency(from), instant / Instants.Day).Happens(1_500)) return new(from, to, final);
        var noisy = final.Digits;
        for (var place = final.Places; place < NoisePlaces; place++) noisy *= 10;
        return new(from, to, new(noisy - 2, NoisePlaces));
    }

    /// <summary>What Paddle's fixed fee of 50 cents is in the currency.</summary>
    public static long FiftyCents(string currency) => OfCents(50, currency);

    /// <summary>What so many US cents are in the currency when nothing wanders: for fees and prices.</summary>
    public static long OfCents(long cents, string currency) =>
        Rounding.Divide((Int128)cents * 100_000_000, (Int128)Worth(currency) * (Currencies.Places(currency) == 0 ? 100 : 1));

    private static Ratio Plain(Int128 digits, int places)
    {
        for (; places > 1 && digits % 10 == 0; places--) digits /= 10;
        return new(digits, places);
    }

    // Two slow waves of chance and a little every day, in millionths.
    private long Dollars(string currency, long day)
    {
        if (currency == "USD") return 100_000_000;
        var own = dice.For(1_000 + Currency(currency));
        var moved = 1_000_000 + Wave(own.For(1), day, 30, 25_000) + Wave(own.For(2), day, 181, 40_000) + own.For(3, day).Between(-1_500, 1_500);
        return Rounding.Divide((Int128)Worth(currency) * moved, 1_000_000);
    }

    private static long Wave(Dice own, long day, int length, long height)
    {
        var (from, to) = (own.For(0, day / length).Between(-height, height), own.For(0, (day / length) + 1).Between(-height, height));
        return from + ((to - from) * (day % length) / length);
    }

    private static int Currency(string currency) => Array.IndexOf(Currencies.All, currency);

    // A hundred-millionth of a dollar each.
    private static long Worth(string currency) => currency switch
    {
        "USD" => 100_000_000,
        "EUR" => 108_500_000,
        "GBP" => 127_200_000,
        "JPY" => 668_000,
        "AUD" => 65_800_000,
        "CAD" => 73_100_000,
        "CHF" => 112_900_000,
        "HKD" => 12_800_000,
        "SGD" => 74_600_000,
        "SEK" => 9_540_000,
        "ARS" => 98_000,
        "BRL" => 18_200_000,
        "CLP" => 106_000,
        "CNY" => 13_900_000,
        "COP" => 24_500,
        "CZK" => 4_330_000,
        "DKK" => 14_550_000,
        "HUF" => 275_000,
        "ILS" => 27_100_000,
        "INR" => 1_190_000,
        "KRW" => 72_600,
        "MXN" => 5_450_000,
        "NOK" => 9_310_000,
        "NZD" => 60_200_000,
        "PEN" => 26_700_000,
        "PLN" => 25_100_000,
        "RUB" => 1_090_000,
        "THB" => 2_880_000,
        "TRY" => 2_950_000,
        "TWD" => 3_110_000,
        "UAH" => 2_430_000,
        "VND" => 3_950,
        "ZAR" => 5_480_000,
        _ => throw new ArgumentException($"Nothing is known of the currency {currency}."),
    };
}
