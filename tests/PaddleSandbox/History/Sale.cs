namespace Allocora.PaddleSandbox.History;

/// <summary>What becomes of a transaction, from its beginning to its end.</summary>
internal enum Life : byte
{
    Abandoned,
    Unpaid,
    Canceled,
    Sale,
    Renewal,
    Recovered,
    PastDue,
    Lost,
    Invoice,
    LateInvoice,
    UnpaidInvoice,
    VoidInvoice,
}

internal enum Origin : byte
{
    Web,
    Api,
    SubscriptionCharge,
    SubscriptionPaymentMethodChange,
    SubscriptionRecurring,
    SubscriptionUpdate,
}

/// <summary>What kind of things are on its lines.</summary>
internal enum Basket : byte
{
    One,
    Several,
    WithSeats,
    Custom,
    Invoice,
    Change,
    Nothing,
}

/// <summary>One transaction in the plan of the past. All else about it follows from this, its number and the seed.</summary>
/// <param name="Customer">−1 where nobody said yet.</param>
/// <param name="Subscription">−1 where there is none.</param>
/// <param name="Credit">What the customer's balance pays of it.</param>
/// <param name="FirstAdjustment">−1 where it has none; the next is found from there.</param>
/// <param name="Share">What is left of the period when a plan changes, in ten thousandths.</param>
/// <param name="Cycle">Which renewal of its subscription; 0 for what starts it.</param>
/// <param name="OldOffer">What a changed plan was before.</param>
/// <param name="Voucher">Its discount, 1 for the first; 0 for none.</param>
internal readonly record struct Sale(
    long Created, int Customer, int Subscription, int Credit, int FirstAdjustment, short Share, short Cycle, byte Offer, byte OldOffer, byte Quantity,
    Life Life, Origin Origin, Basket Basket, byte Voucher)
{
    public bool IsManual => Life is >= Life.Invoice;

    public bool IsPaid => Life is Life.Sale or Life.Renewal or Life.Recovered or Life.Invoice or Life.LateInvoice;
}
