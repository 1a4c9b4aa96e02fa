namespace Allocora.Connector;

/// <summary>Paddle's statuses, and how far each has come. Paddle adds to them without notice.</summary>
internal static class Statuses
{
    private static readonly Dictionary<string, (int Rank, int Effect)> OfTransaction = new(StringComparer.Ordinal)
    {
        ["draft"] = (0, 0),
        ["ready"] = (1, 0),
        ["canceled"] = (1, 0),
        ["billed"] = (2, 0),
        ["past_due"] = (3, 0),
        ["paid"] = (4, 1),
        ["completed"] = (5, 2),
    };

    private static readonly Dictionary<string, (int Rank, int Effect)> OfAdjustment = new(StringComparer.Ordinal)
    {
        ["pending_approval"] = (0, 0),
        ["approved"] = (1, 1),
        ["rejected"] = (1, 0),
        ["reversed"] = (2, 2),
    };

    private const int BeforeAll = -1;

    public static bool IsKnown(RowKind kind, string status) => Of(kind).ContainsKey(status);

    public static int Rank(RowKind kind, string status) => Of(kind).TryGetValue(status, out var known) ? known.Rank : BeforeAll;

    /// <summary>0 for a status that moves no money; what moves it does not become what does not.</summary>
    public static int Effect(RowKind kind, string status) => Of(kind).TryGetValue(status, out var known) ? known.Effect : 0;

    private static Dictionary<string, (int Rank, int Effect)> Of(RowKind kind) => kind == RowKind.Transaction ? OfTransaction : OfAdjustment;
}
