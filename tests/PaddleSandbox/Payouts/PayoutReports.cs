using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Reports;

namespace Allocora.PaddleSandbox.Payouts;

/// <summary>One row of the payout report: a movement, the payout it is in, if any yet, and who was sold to.</summary>
internal sealed record MovementRow(View View, Movement Movement, Payout? Payout)
{
    public JsonObject? Sale => Movement.Transaction;

    public string? TransactionId { get; } = Movement.Transaction.Word("id") ?? Movement.Adjustment.Word("transaction_id");

    public string? CustomerId { get; } = Movement.Transaction.Word("customer_id") ?? Movement.Adjustment.Word("customer_id");

    public string? SubscriptionId { get; } = Movement.Transaction.Word("subscription_id") ?? Movement.Adjustment.Word("subscription_id");

    public JsonObject? Customer { get; } = Movement.Transaction.Part("customer") ?? View.Look(View.Customers, Movement.Transaction.Word("customer_id"));

    public JsonObject? Address { get; } = Movement.Transaction.Part("address") ?? View.Look(View.Addresses, Movement.Transaction.Word("address_id"));

    public JsonObject? Discount { get; } = Movement.Transaction.Part("discount") ?? View.Look(View.Discounts, Movement.Transaction.Word("discount_id"));

    /// <summary>As the sale is now: what it came to is what it was when its month closed, but not this.</summary>
    public long? TransactionUpdatedAt => View.Transactions.Find(TransactionId, View.At)?.Time("updated_at", View.At);
}

/// <summary>The reports of the balance: what moved it, and in which payout that was paid out.</summary>
internal static class PayoutReports
{
    private static readonly Column<MovementRow>[] BalanceColumns =
    [
        new("type", row => MovementKind.Written(row.Movement.Kind, row.View.Choices)), new("transaction_id", row => row.TransactionId),
        new("adjustment_id", row => row.Movement.Adjustment.Word("id")), new("created_at", row => Cell.Time(row.Movement.At)),
        new("currency_code", row => row.Movement.Balance),
        new("gross", row => Cell.Money(row.Movement.InBalance.Gross, row.Movement.Balance)),
        new("tax", row => Cell.Money(row.Movement.InBalance.Tax, row.Movement.Balance)),
        new("fee", row => Cell.Money(row.Movement.Fees, row.Movement.Balance)),
        new("earnings", row => Cell.Money(row.Movement.Amount, row.Movement.Balance)),
    ];

    public static Sheet Balance(View view, Question question) => Make(view, question, BalanceColumns);

    public static Sheet Reconciliation(View view, Question question) => Make(view, question, MovementColumns.Named(view.Choices.ReportNames));

    private static Sheet Make(View view, Question question, IReadOnlyList<Column<MovementRow>> columns)
    {
        view.Account.Payouts.Ledger.Close(Months.Of(view.At) - 1);
        var search = new MovementSearch(view, question);
        var found = new Lazy<ByTime>(search.Entries);
        var extras = new Lazy<List<MovementRow>>(() => [.. search.Extras().OrderBy(row => row.Movement.At)]);
        return Sheet.Of(columns, () => found.Value.Count + extras.Value.Count, () => Merge(view, found.Value, extras.Value));
    }

    private static IEnumerable<MovementRow> Merge(View view, ByTime found, List<MovementRow> extras)
    {
        var (book, next) = (view.Account.Payouts, 0);
        var months = book.With(view.Choices);
        foreach (var (time, of, row) in found.InOrder())
        {
            for (; next < extras.Count && extras[next].Movement.At <= time; next++) yield return extras[next];
            var entry = book.Ledger.Place(row, of == 0, view)!.Value;
            var movement = book.Ledger.Read(entry, view);
            yield return new(view, movement, months.Holding(entry.Month, movement.Balance, view.At));
        }
        for (; next < extras.Count; next++) yield return extras[next];
    }
}

/// <summary>The movements a payout report asks for.</summary>
internal sealed class MovementSearch(View view, Question question)
{
    private readonly Ledger ledger = view.Account.Payouts.Ledger;
    private readonly PayoutMonths months = view.Account.Payouts.With(view.Choices);

    /// <summary>Sales and adjustments, by when they were last updated.</summary>
    public ByTime Entries()
    {
        var found = new ByTime(view.Transactions, view.Adjustments);
        var payouts = Payouts();
        foreach (var entry in ledger.All(view))
        {
            if (payouts is not null && !payouts.Any(payout => Holds(payout, entry))) continue;
            if (Asked(entry)) found.Add(entry.Row.Time("updated_at", view.At) ?? 0, entry.IsSale ? 0 : 1, entry.Row);
        }
        return found;
    }

    /// <summary>Rebates and SWIFT fees.</summary>
    public IEnumerable<MovementRow> Extras()
    {
        // Neither has a transaction or an update.
        if (question.Has("transaction_updated_at") || view.Choices.PayoutExtras == "no") yield break;
        var payouts = Payouts();
        for (var month = ledger.First; month < Months.Of(view.At); month++)
        {
            if (payouts is not null && !payouts.Any(payout => month >= payout.First && month <= payout.Month)) continue;
            var rebate = PaddleSandbox.Payouts.Extras.Rebate(view.Account.Options, view.Choices, month);
            if (Covers(rebate, MovementKind.Rebate) && months.RebateOf(month) is { } given)
                yield return new(view, given, months.Holding(month, given.Balance, view.At));
            if (!CoversDate(Months.Start(month + 1)) || !question.Takes("balance_movement_type", MovementKind.SwiftFee)) continue;
            foreach (var payout in payouts?.Where(one => one.Month == month) ?? months.Of(month))
            {
                if (payout.SwiftFee is { } fee) yield return new(view, fee, payout);
            }
        }
    }

    private bool Covers(Movement? movement, string kind) =>
        movement is not null && CoversDate(movement.At) && question.Takes("balance_movement_type", kind);

    private bool CoversDate(long at) => question.Covers("balance_movement_date", at) && question.Covers("updated_at", at);

    private List<Payout>? Payouts() => question.Has("remittance_reference")
        ? [.. question.All.Where(one => one.Name == "remittance_reference").SelectMany(one => one.Values).Distinct()
            .Select(reference => months.Find(reference, view.At)).OfType<Payout>()]
        : null;

    private bool Holds(Payout payout, Entry entry)
    {
        if (entry.Month < payout.First || entry.Month > payout.Month) return false;
        return Currency(entry) == payout.Currency;
    }

    // History says it without the whole object; what was written is read as its movement reads it.
    private string Currency(Entry entry)
    {
        if (entry.Row.Stored is null)
            return entry.Row.Text(entry.IsSale ? "details.payout_totals.currency_code" : "payout_totals.currency_code", view.At) ?? view.Account.Options.Payout;
        return Movement.BalanceOf(entry.Row.Render(view.At), entry.IsSale);
    }

    private bool Asked(Entry entry)
    {
        var row = entry.Row;
        if (question.Has("balance_movement_type")
            && !question.Takes("balance_movement_type", entry.IsSale ? MovementKind.Sale : MovementKind.Filter(row.Text("action", view.At)))) return false;
        if (!question.Covers("balance_movement_date", row.Time("created_at", view.At))) return false;
        if (!question.Covers("updated_at", row.Time("updated_at", view.At))) return false;
        if (!question.Has("transaction_updated_at")) return true;
        var sale = view.Transactions.Find(entry.IsSale ? row.Id : row.Text("transaction_id", view.At), view.At);
        return question.Covers("transaction_updated_at", sale?.Time("updated_at", view.At));
    }
}
