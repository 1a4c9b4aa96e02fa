namespace Allocora.PaddleSandbox.World;

/// <summary>
/// Paddle's ids: a prefix and 26 characters of a ULID, so that they ascend with time. The first ten are the millisecond, the next four keep
/// the order of what was made in it, and the last twelve are chance.
/// </summary>
internal static class Ids
{
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    /// <param name="instant">When it was made.</param>
    /// <param name="order">Its place among all of its kind: those of one millisecond keep this order.</param>
    public static string Of(string prefix, long instant, long order, Dice dice) => string.Create(
        prefix.Length + 27, (prefix, instant, order, dice), static (to, x) =>
        {
            x.prefix.CopyTo(to);
            to[x.prefix.Length] = '_';
            var body = to[(x.prefix.Length + 1)..];
            Write(body[..10], (ulong)(x.instant / Instants.Millisecond));
            Write(body.Slice(10, 4), (ulong)x.order & 0xFFFFF);
            Write(body[14..], x.dice.Bits(0) >> 4);
        });

    /// <summary>The millisecond an id was made in.</summary>
    public static long Instant(string id)
    {
        ulong milliseconds = 0;
        foreach (var letter in id.AsSpan(id.IndexOf('_') + 1, 10)) milliseconds = (milliseconds << 5) | (uint)Math.Max(0, Alphabet.IndexOf(letter));
        return (long)milliseconds * Instants.Millisecond;
    }

    public static bool IsOne(string prefix, string? id) => id is not null && id.Length == prefix.Length + 27
        && id.StartsWith(prefix, StringComparison.Ordinal) && id[prefix.Length] == '_' && !id.AsSpan(prefix.Length + 1).ContainsAnyExcept(Allowed);

    private static readonly System.Buffers.SearchValues<char> Allowed = System.Buffers.SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyz");

    private static void Write(Span<char> to, ulong value)
    {
        for (var at = to.Length - 1; at >= 0; at--, value >>= 5) to[at] = Alphabet[(int)(value & 31)];
    }
}
