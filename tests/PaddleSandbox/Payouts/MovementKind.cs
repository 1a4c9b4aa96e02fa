using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Reports;

namespace Allocora.PaddleSandbox.Payouts;

/// <summary>The kinds of balance movement: named as filters of the API name them, and as the report itself may.</summary>
internal static class MovementKind
{
    public const string Sale = "sale", Rebate = "rebate", SwiftFee = "swift_fee", VatRefund = "vat_refund", Credit = "credit";

    /// <summary>What can be asked for.</summary>
    public static readonly string[] Filters =
    [
        Rebate, SwiftFee, Sale, "refund", "chargeback_warning", "chargeback_warning_reverse", "chargeback", "chargeback_reverse", Credit,
    ];

    /// <summary>The kind of an adjustment: its action, but for a refund of nothing than tax.</summary>
    public static string? Of(JsonObject adjustment)
    {
        var (action, items) = (adjustment.Word("action"), adjustment.Parts("items").ToList());
        return action == "refund" && items.Count > 0 && items.TrueForAll(item => item.Word("type") == "tax") ? VatRefund : action;
    }

    public static string? Written(string? kind, Choices choices) => (choices.MovementNames, kind) switch
    {
        ("report", "chargeback_reverse") => "chargeback_reversal",
        ("api", VatRefund) => "refund",
        _ => kind,
    };

    /// <summary>The filter that finds movements from this action.</summary>
    public static string? Filter(string? action) => action == "credit_reverse" ? Credit : action;
}
