namespace Allocora.PaddleSandbox.History;

internal enum Action : byte
{
    Refund,
    Credit,
    Chargeback,
    ChargebackWarning,
    ChargebackReverse,
    ChargebackWarningReverse,
    CreditReverse,
}

/// <summary>What of the sale it takes back.</summary>
internal enum Extent : byte
{
    Everything,
    Some,
    OneLine,
    Tax,
    Proration,
}

/// <summary>One adjustment in the plan of the past.</summary>
/// <param name="Settled">When it is approved or rejected.</param>
/// <param name="Sale">The number of its transaction.</param>
/// <param name="Next">The next adjustment of the same transaction; −1 for the last.</param>
/// <param name="Reverses">The one it undoes; −1 for none.</param>
/// <param name="ReversedBy">The one that undoes it; −1 for none.</param>
/// <param name="Percent">Of what is left, where it takes back some.</param>
/// <param name="Retained">How much of the fee Paddle keeps, in hundredths.</param>
internal readonly record struct AdjustmentRow(
    long Created, long Settled, int Sale, int Next, int Reverses, int ReversedBy, Action Action, Extent Extent, byte Percent, byte Retained,
    bool IsRejected, bool HasFee, bool IsToBalance)
{
    public string Status(long now, long reversed) => reversed <= now ? "reversed" : Settled > now ? "pending_approval" : IsRejected ? "rejected" : "approved";
}
