using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.History;

/// <summary>How somebody tried to pay, and paid: the last attempt first.</summary>
internal static class RenderPayments
{
    private static readonly string[] Methods = ["card", "paypal", "apple_pay", "google_pay", "alipay", "samsung_pay"];
    private static readonly int[] Weights = [66, 15, 9, 7, 2, 1];
    private static readonly string[] Cards = ["visa", "mastercard", "american_express", "discover", "jcb", "diners_club", "union_pay", "maestro"];
    private static readonly string[] Errors =
        ["declined", "authentication_failed", "not_enough_balance", "expired_card", "issuer_unavailable", "fraud", "psp_error"];

    /// <summary>Paid outside of Paddle, so that it knows of no payment.</summary>
    public static bool IsOffline(in Sale sale, Dice dice) => sale is { Origin: Origin.Api, Life: Life.Sale } && dice.Happens(900, 60);

    /// <summary>How it is paid, whether it is yet or not.</summary>
    public static string Method(in Sale sale, Country country, People people, Dice dice)
    {
        if (sale.IsManual) return dice.Happens(8_000, 61) ? "wire_transfer" : "card";
        var own = sale.Customer < 0 ? dice : people.Of(sale.Customer);
        if (own.Happens(2_500, 62))
        {
            var local = country.Code switch
            {
                "NL" => "ideal",
                "BR" => "pix",
                "IN" => "upi",
                "PL" => "blik",
                "KR" => own.Pick(["kakao_pay", "naver_pay", "payco", "south_korea_local_card"], 63),
                _ => null,
            };
            if (local is not null) return local;
        }
        return Methods[own.Weighted(Weights, 64)];
    }

    public static JsonArray Of(SaleAsOf sale, People people)
    {
        var payments = new JsonArray();
        if (sale.GrandTotal <= 0 || IsOffline(sale.Sale, sale.Dice)) return payments;
        var method = Method(sale.Sale, sale.Bill.Country, people, sale.Dice);
        var (paid, failed) = (sale.Stages.Paid, sale.Stages.Failed);
        if (paid <= sale.Now) payments.Add((JsonNode)Attempt(sale, people, method, 1, "captured", null, paid));
        if (failed <= sale.Now) payments.Add((JsonNode)Attempt(sale, people, method, 2, "error", sale.Dice.Pick(Errors, 65), failed));
        return payments;
    }

    private static JsonObject Attempt(SaleAsOf sale, People people, string method, int which, string status, string? error, long at)
    {
        var began = at - sale.Dice.Between(400, 1_400, 66) * Instants.Millisecond;
        return new JsonObject
        {
            ["payment_attempt_id"] = Uuid(sale.Dice.For(which)),
            ["stored_payment_method_id"] = Uuid(people.Of(sale.Sale.Customer).For(7)),
            ["payment_method_id"] = Ids.Of("paymtd", began, which, sale.Dice.For(4)),
            ["amount"] = AdjustingJson.Text(sale.GrandTotal),
            ["status"] = status,
            ["error_code"] = error,
            ["method_details"] = Details(method, people, sale.Sale.Customer),
            ["created_at"] = Instants.Text(began),
            ["captured_at"] = error is null ? Instants.Text(at) : null,
        };
    }

    private static JsonObject Details(string method, People people, int customer)
    {
        var own = people.Of(customer).For(8);
        return new JsonObject
        {
            ["type"] = method,
            ["card"] = method != "card" ? null : new JsonObject
            {
                ["type"] = Cards[own.Weighted([50, 32, 8, 3, 3, 1, 2, 1])],
                ["last4"] = own.Between(10_000, 19_999, 1).ToString(System.Globalization.CultureInfo.InvariantCulture)[1..],
                ["expiry_month"] = own.Between(1, 12, 2),
                ["expiry_year"] = own.Between(2027, 2031, 3),
                ["cardholder_name"] = people.Name(customer),
            },
        };
    }

    private static string Uuid(Dice dice)
    {
        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes, dice.Bits(0));
        BitConverter.TryWriteBytes(bytes[8..], dice.Bits(1));
        (bytes[6], bytes[8]) = ((byte)((bytes[6] & 0x0F) | 0x40), (byte)((bytes[8] & 0x3F) | 0x80));
        return new Guid(bytes, bigEndian: true).ToString();
    }
}
