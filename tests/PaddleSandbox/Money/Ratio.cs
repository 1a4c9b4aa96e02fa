using System.Globalization;

namespace Allocora.PaddleSandbox.Money;

/// <summary>A rate as Paddle writes it, a decimal string, held exactly: digits over a power of ten.</summary>
internal readonly record struct Ratio(Int128 Digits, int Places)
{
    public static readonly Ratio One = new(1, 0);

    /// <summary>Reads "0.2" or "1.2282731999999998"; null for anything else, a sign included.</summary>
    public static Ratio? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text) || text.Length > 24 || text.AsSpan().ContainsAnyExcept(Allowed) || text[0] == '.' || text[^1] == '.') return null;
        var dot = text.IndexOf('.');
        if (dot >= 0 && text.IndexOf('.', dot + 1) >= 0) return null;
        var digits = Int128.Parse(dot < 0 ? text : text.Remove(dot, 1), NumberStyles.None, CultureInfo.InvariantCulture);
        return new(digits, dot < 0 ? 0 : text.Length - dot - 1);
    }

    private static readonly System.Buffers.SearchValues<char> Allowed = System.Buffers.SearchValues.Create("0123456789.");

    public bool IsZero => Digits == 0;

    /// <summary>What is left of a whole: 0.98 where this is 0.02.</summary>
    public Ratio Rest => new(Tens(Places) - Digits, Places);

    /// <summary>The amount times this rate, and times ten to the power of the shift, rounded once.</summary>
    public long Of(long amount, int shift = 0)
    {
        var (over, under) = shift >= 0 ? (Tens(shift), Tens(Places)) : ((Int128)1, Tens(Places - shift));
        return Rounding.Divide(amount * Digits * over, under);
    }

    /// <summary>What an amount with this much added on top was before: amount / (1 + rate).</summary>
    public long TakenOut(long amount) => Rounding.Divide(amount * Tens(Places), Tens(Places) + Digits);

    /// <summary>A percentage as a share: 12.5 is 0.125.</summary>
    public Ratio Hundredth() => new(Digits, Places + 2);

    public override string ToString()
    {
        var text = Digits.ToString(CultureInfo.InvariantCulture).PadLeft(Places + 1, '0');
        return Places == 0 ? text : text.Insert(text.Length - Places, ".");
    }

    public static Int128 Tens(int power)
    {
        Int128 tens = 1;
        for (; power > 0; power--) tens *= 10;
        return tens;
    }
}

/// <summary>The one place where an amount is rounded: half away from zero, to whole minor units.</summary>
internal static class Rounding
{
    public static long Divide(Int128 amount, Int128 by)
    {
        var half = amount < 0 ? -(by / 2) : by / 2;
        // Half of an odd divisor is cut off: with one there is no middle, so nothing hangs on it.
        return checked((long)((amount + half) / by));
    }

    /// <summary>Divides into parts that sum to the whole, in proportion to the weights; what is left over goes to the largest remainders.</summary>
    public static long[] Allocate(long whole, IReadOnlyList<long> weights)
    {
        Int128 sum = 0;
        foreach (var weight in weights) sum += Math.Abs(weight);
        var parts = new long[weights.Count];
        if (parts.Length == 0) return parts;
        if (sum == 0)
        {
            parts[0] = whole;
            return parts;
        }
        var rest = new (Int128 Remainder, int At)[parts.Length];
        var left = whole;
        for (var at = 0; at < parts.Length; at++)
        {
            var share = (Int128)whole * Math.Abs(weights[at]);
            parts[at] = (long)(share / sum);
            rest[at] = (Int128.Abs(share % sum), at);
            left -= parts[at];
        }
        Array.Sort(rest, static (a, b) => a.Remainder == b.Remainder ? a.At.CompareTo(b.At) : b.Remainder.CompareTo(a.Remainder));
        for (var next = 0; left != 0; next++, left -= Math.Sign(left)) parts[rest[next].At] += Math.Sign(left);
        return parts;
    }
}
