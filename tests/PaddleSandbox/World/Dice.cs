namespace Allocora.PaddleSandbox.World;

/// <summary>Chance that is the same for ever: what falls depends on the seed, what it is thrown for and its number, and on nothing before it.</summary>
internal readonly struct Dice(ulong state)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    public static Dice Of(long seed) => new(Mix(unchecked((ulong)seed + Golden)));

    /// <summary>The dice for one thing among many.</summary>
    public Dice For(int purpose, long number = 0) => new(Mix(unchecked(Mix(state ^ Mix((ulong)purpose + Golden)) + (ulong)number * Golden)));

    /// <summary>The throw with this number.</summary>
    public ulong Bits(int number) => Mix(unchecked(state + ((ulong)number + 1) * Golden));

    /// <summary>A whole number from 0 to below the limit.</summary>
    public int Below(int limit, int number = 0) => (int)(((UInt128)Bits(number) * (ulong)limit) >> 64);

    public long Between(long least, long most, int number = 0) => least + (long)(((UInt128)Bits(number) * (ulong)(most - least + 1)) >> 64);

    /// <summary>True so many times in ten thousand.</summary>
    public bool Happens(int inTenThousand, int number = 0) => Below(10_000, number) < inTenThousand;

    public T Pick<T>(IReadOnlyList<T> from, int number = 0) => from[Below(from.Count, number)];

    /// <summary>The place in the weights on which it falls.</summary>
    public int Weighted(ReadOnlySpan<int> weights, int number = 0)
    {
        var sum = 0;
        foreach (var weight in weights) sum += weight;
        var left = Below(sum, number);
        for (var at = 0; ; at++)
        {
            if (left < weights[at]) return at;
            left -= weights[at];
        }
    }

    // SplitMix64's finalizer.
    private static ulong Mix(ulong x)
    {
        unchecked
        {
            x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
            x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
            return x ^ (x >> 31);
        }
    }
}
