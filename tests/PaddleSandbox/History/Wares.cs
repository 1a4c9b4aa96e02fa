namespace Allocora.PaddleSandbox.History;

/// <summary>A product of the seller's catalogue.</summary>
/// <param name="Archived">When it was taken off sale, in hundredths of the history.</param>
/// <param name="Made">When it was made; 0 for before the first sale.</param>
internal sealed record Ware(string Name, string TaxCategory, string? Author, int Archived = 101, int Made = 0);

/// <summary>A price of a product, in US cents, and in the currencies it names by itself.</summary>
/// <param name="Months">The billing cycle; 0 for once.</param>
/// <param name="Weight">How often it is bought, among those of its kind.</param>
internal sealed record Offer(int Ware, string Name, int Months, string TaxMode, long Cents, int Weight, long Euros = 0, long Pounds = 0, long Yen = 0);

/// <summary>What the seller sells: a few kinds of things, some no longer.</summary>
internal static class Wares
{
    public static readonly Ware[] All =
    [
        new("Field Guide to Ledgers", "ebooks", "m.okafor"),
        new("Royalties, Explained", "ebooks", "s.lindqvist"),
        new("The Small Publisher", "ebooks", "m.okafor", Archived: 60),
        new("Notes on Splits", "ebooks", "j.ferreira"),
        new("Course: Books in a Week", "training-services", "t.nakamura"),
        new("Course: Selling Abroad", "training-services", "s.lindqvist"),
        new("Course: First Edition (2023)", "training-services", "t.nakamura", Archived: 2),
        new("Reader", "saas", null),
        new("Reader Pro", "saas", null),
        new("Reader Legacy", "saas", null, Archived: 40),
        new("Extra seats", "saas", null),
        new("Template pack", "digital-goods", "r.adeyemi"),
        new("Course: Taxes for Makers", "training-services", "r.adeyemi", Made: 55),
    ];

    public static readonly Offer[] Offers =
    [
        new(0, "Once", 0, "internal", 1_900, 160, Euros: 1_899, Pounds: 1_599),
        new(0, "With the workbook", 0, "internal", 2_900, 60),
        new(1, "Once", 0, "internal", 2_400, 120, Euros: 2_299, Pounds: 1_999, Yen: 3_600),
        new(2, "Once", 0, "account_setting", 1_200, 70),
        new(3, "Once", 0, "location", 990, 110),
        new(4, "Self-paced", 0, "external", 9_900, 80, Euros: 9_500),
        new(4, "With mentoring", 0, "external", 24_900, 20),
        new(5, "Self-paced", 0, "location", 7_900, 60, Yen: 11_800),
        new(6, "Self-paced", 0, "external", 4_900, 10),
        new(7, "Monthly", 1, "external", 900, 110),
        new(8, "Monthly", 1, "external", 2_900, 70, Euros: 2_700, Pounds: 2_400),
        new(7, "Yearly", 12, "external", 9_000, 45),
        new(8, "Yearly", 12, "external", 29_000, 30),
        new(8, "Yearly, early friends", 12, "internal", 19_000, 8),
        new(9, "Monthly", 1, "account_setting", 500, 35),
        new(10, "Seat", 1, "external", 700, 0),
        new(11, "Once", 0, "account_setting", 3_900, 60, Euros: 3_700, Pounds: 3_200, Yen: 5_900),
        new(11, "Agency licence", 0, "account_setting", 19_900, 12),
        new(12, "Self-paced", 0, "location", 12_900, 70),
    ];

    /// <summary>The price of seats, which comes beside a plan and never alone, and that of what subscribers buy once.</summary>
    public const int Seat = 15, Extra = 16;

    /// <summary>The plan that subscribers of a plan change to; the plan itself where they never do.</summary>
    public static int Other(int plan) => plan switch
    {
        9 or 14 => 10,
        10 => 9,
        11 => 12,
        12 => 11,
        _ => plan,
    };

    /// <summary>Whether it is sold at a time, in hundredths of the history.</summary>
    public static bool IsSold(int offer, int at) => All[Offers[offer].Ware] is var ware && at >= ware.Made && at < ware.Archived;

    /// <summary>What companies order by invoice.</summary>
    public static readonly int[] ByInvoice = [5, 6, 10];

    /// <summary>What goes into the same cart.</summary>
    public static readonly int[] Beside = [0, 1, 2, 4, 5, 6, 7];
}
