using System.Reflection;

namespace Allocora.PaddleSandbox;

/// <summary>
/// Where nobody outside Paddle knows for sure what the API does, this is what the sandbox does, and here it is changed: one place for all that is
/// uncertain. Set with --choice name=value, or by the control API.
/// </summary>
internal sealed record Choices
{
    /// <summary>A query parameter the endpoint does not have: refuse (400) or ignore.</summary>
    [OneOf("refuse", "ignore")]
    public string UnknownParameters { get; init; } = "refuse";

    /// <summary>Two comparators on one time, [GTE] and [LT] together: allow or refuse.</summary>
    [OneOf("allow", "refuse")]
    public string TwoSidedRanges { get; init; } = "allow";

    /// <summary>include=adjustment, as the SDKs write it, beside include=adjustments: allow or refuse.</summary>
    [OneOf("allow", "refuse")]
    public string IncludeAdjustment { get; init; } = "allow";

    /// <summary>action=refund,credit on the list of adjustments: allow or refuse.</summary>
    [OneOf("allow", "refuse")]
    public string ActionList { get; init; } = "allow";

    /// <summary>The type of the error of 429: api_error as documented, or request_error as in the SDKs' tests.</summary>
    [OneOf("api_error", "request_error")]
    public string TooManyType { get; init; } = "api_error";

    /// <summary>GET /transactions/{id} of an adjusted transaction has a later updated_at: yes or no.</summary>
    [OneOf("no", "yes")]
    public string AdjustingTouchesTransaction { get; init; } = "no";

    /// <summary>An adjustment that becomes reversed sends adjustment.updated: yes or no.</summary>
    [OneOf("no", "yes")]
    public string ReversedIsTold { get; init; } = "no";

    /// <summary>The earnings of an adjustment hold the retained fee: no (subtotal − fee) or yes (subtotal − fee + retained fee).</summary>
    [OneOf("no", "yes")]
    public string EarningsHoldRetainedFee { get; init; } = "no";

    /// <summary>The sandbox of Paddle approves refunds every ten minutes, its live system when it likes: minutes, or 0 for never by itself.</summary>
    [OneOf("10", "0", "1", "60", "1440", "4320")]
    public string ApproveRefundsAfterMinutes { get; init; } = "10";

    /// <summary>Amounts in report files: minor (1999) or major (19.99).</summary>
    [OneOf("major", "minor")]
    public string ReportUnits { get; init; } = "major";

    /// <summary>Names of the payout report's columns that Paddle prints nowhere: first, second or third of each line of the alias table.</summary>
    [OneOf("first", "second", "third")]
    public string ReportNames { get; init; } = "first";

    /// <summary>Kinds of balance movement in the payout report: report (chargeback_reversal, vat_refund) or api (chargeback_reverse, refund).</summary>
    [OneOf("report", "api")]
    public string MovementNames { get; init; } = "report";

    /// <summary>How many reports can be ordered in 24 hours: 100, 10 as it was before February 2026, or more than a test needs.</summary>
    [OneOf("100", "10", "100000")]
    public string ReportsPerDay { get; init; } = "100";

    /// <summary>An empty cell in a report: empty or null.</summary>
    [OneOf("empty", "null")]
    public string ReportNull { get; init; } = "empty";

    /// <summary>Report files start with a byte order mark: yes or no.</summary>
    [OneOf("no", "yes")]
    public string ReportMark { get; init; } = "no";

    /// <summary>Line ends of report files: lf or crlf.</summary>
    [OneOf("lf", "crlf")]
    public string ReportLines { get; init; } = "lf";

    /// <summary>A date filter that was left out of a report, and so means the last 30 days, is among its filters: shown or hidden.</summary>
    [OneOf("shown", "hidden")]
    public string ReportDefaultFilters { get; init; } = "shown";

    /// <summary>The download of a report without rows: refuse (report_empty) or file (only its header).</summary>
    [OneOf("refuse", "file")]
    public string ReportEmpty { get; init; } = "refuse";

    /// <summary>
    /// Where credit counts in the balance: sale (what it pays is missing there, the row of the credit moves nothing), credit (its row takes away, the
    /// sale is whole) or both.
    /// </summary>
    [OneOf("sale", "credit", "both")]
    public string CreditCounts { get; init; } = "sale";

    /// <summary>The final exchange rate is: less (base × (1 − margin)) or divided (base / (1 + margin)).</summary>
    [OneOf("less", "divided")]
    public string ExchangeMargin { get; init; } = "less";

    /// <summary>Below so many whole units of its currency nothing is paid out.</summary>
    [OneOf("100", "0", "1000")]
    public string PayoutMinimum { get; init; } = "100";

    /// <summary>There are rebates, and SWIFT fees where the currency has no local transfer: yes or no.</summary>
    [OneOf("yes", "no")]
    public string PayoutExtras { get; init; } = "yes";

    /// <summary>Keys that came later (grand_total_tax, retained_fee, exchange_rate) are missing in events from before they came: yes or no.</summary>
    [OneOf("yes", "no")]
    public string OldEventsLackNewFields { get; init; } = "yes";

    /// <summary>While two secrets of a destination count, the signature of the new one stands first or last in the header.</summary>
    [OneOf("first", "last")]
    public string NewSecretSigns { get; init; } = "first";

    /// <summary>The same with one choice made otherwise. Throws an ArgumentException that says what there is to choose from.</summary>
    public Choices With(string name, string value)
    {
        var choice = All.FirstOrDefault(one => Named(one) == name)
            ?? throw new ArgumentException($"There is no choice {name}. There are: {string.Join(", ", All.Select(Named))}.");
        var values = choice.GetCustomAttribute<OneOfAttribute>()!.Values;
        if (!values.Contains(value)) throw new ArgumentException($"{name} is one of {string.Join(", ", values)}, not {value}.");
        var copy = this with { };
        choice.SetValue(copy, value);
        return copy;
    }

    /// <summary>Every choice by name, with what it is now.</summary>
    public IReadOnlyDictionary<string, string> Current => All.ToDictionary(Named, one => (string)one.GetValue(this)!);

    private static readonly PropertyInfo[] All = [.. typeof(Choices).GetProperties().Where(one => one.GetCustomAttribute<OneOfAttribute>() is not null)];

    private static string Named(PropertyInfo choice) => char.ToLowerInvariant(choice.Name[0]) + choice.Name[1..];
}

/// <summary>What a choice may be; the first is what it is when nobody says otherwise.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class OneOfAttribute(params string[] values) : Attribute
{
    public string[] Values => values;
}
