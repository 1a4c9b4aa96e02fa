using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.History;
using Allocora.PaddleSandbox.World;
using Allocora.Testing;

namespace Allocora.PaddleSandbox;

/// <summary>The history that a seed makes: always the same, in order, and with everything in it that an importer has to get right.</summary>
public sealed class The_past
{
    private static readonly Options Standard = new();
    private static readonly long End = Standard.Until + (900 * Instants.Day);
    private static readonly Lazy<Past> Whole = new(() => Past.Of(Standard));

    [Fact]
    public void A_seed_makes_the_same_bytes_for_ever_and_another_seed_others()
    {
        var options = new Options { Seed = 11, Transactions = 400, Months = 14 };

        var digest = Digest(options);

        Assert.Equal(digest, Digest(options));
        Assert.NotEqual(digest, Digest(options with { Seed = 12 }));
        Golden.Matches(digest + "\n", "The_past.golden.txt");
    }

    [Theory]
    [InlineData(0, 24)]
    [InlineData(1, 1)]
    [InlineData(777, 24)]
    [InlineData(2_500, 1)]
    [InlineData(300, 120)]
    public void There_are_as_many_transactions_as_were_asked_for_in_as_many_months(int count, int months)
    {
        var past = Past.Of(new Options { Transactions = count, Months = months });
        var start = Instants.Of(Instants.Time(Standard.Until).AddMonths(-months));

        Assert.Equal(count, past.Transactions.Count(Standard.Until));
        Assert.Equal(0, past.Transactions.Count(start - 1));
        if (count > 0) Assert.NotNull(past.Transactions.Render(count - 1, End)["status"]);
    }

    [Fact]
    public void Ids_ascend_and_are_found_again()
    {
        var past = Past.Of(new Options { Transactions = TestSize.Of(40_000), Seed = 5 });
        foreach (var shelf in Shelves(past))
        {
            string? last = null;
            for (var number = 0; number < shelf.Count(End); number++)
            {
                var id = shelf.Id(number);
                Assert.True(last is null || string.CompareOrdinal(last, id) < 0, $"{id} comes after {last}");
                Assert.Equal(number, shelf.Find(id));
                Assert.Equal(id, shelf.Text(number, "id", End));
                last = id;
            }
            Assert.NotNull(last);
            Assert.Equal(-1, shelf.Find(last[..^1] + (last[^1] == '0' ? '1' : '0')));
            Assert.Equal(-1, shelf.Find("txn_nonsense"));
        }
    }

    [Fact]
    public void What_lists_look_at_is_what_the_object_shows()
    {
        var past = Past.Of(new Options { Transactions = 1_500, Seed = 3 });
        foreach (var now in (long[])[Standard.Until - (100 * Instants.Day), Standard.Until, End])
        {
            Same(past.Transactions, ["status", "customer_id", "subscription_id", "invoice_number", "origin", "collection_mode", "currency_code"],
                ["created_at", "updated_at", "billed_at"], now);
            Same(past.Adjustments, ["status", "action", "customer_id", "transaction_id", "subscription_id", "currency_code"],
                ["created_at", "updated_at"], now);
        }
    }

    [Fact]
    public void Whatever_an_object_names_is_there()
    {
        var past = Past.Of(new Options { Transactions = 1_500, Seed = 4 });
        for (var number = 0; number < 1_500; number++)
        {
            var sale = past.Transactions.Render(number, Standard.Until);
            var now = Instants.Parse((string)sale["created_at"]!)!.Value;
            foreach (var (field, shelf) in ((string, IShelf)[])
                [("customer_id", past.Customers), ("address_id", past.Addresses), ("business_id", past.Businesses), ("discount_id", past.Discounts)])
            {
                if (sale[field] is { } id) Assert.InRange(shelf.Find((string)id!), 0, shelf.Count(now) - 1);
            }
            foreach (var item in sale["items"]!.AsArray().Select(item => item!["price"]!.AsObject()).Where(price => (string)price["type"]! == "standard"))
            {
                Assert.True(JsonNode.DeepEquals(item, past.Prices.Render(past.Prices.Find((string)item["id"]!), now)));
                Assert.InRange(past.Products.Find((string)item["product_id"]!), 0, past.Products.Count(now) - 1);
            }
        }
    }

    [Fact]
    public void Every_kind_of_transaction_is_among_six_thousand() => AllThere(
        [
            "canceled", "completed", "draft", "past_due", "ready", "origin web", "origin api", "origin subscription_recurring", "origin subscription_update",
            "origin subscription_charge", "origin subscription_payment_method_change", "manual canceled", "manual completed", "manual past_due",
            "automatic canceled after it was billed", "nobody yet", "negative", "zero", "free by discount", "credit used", "credit made", "revised", "custom",
            "archived", "several lines", "several tax rates", "no tax", "many of one", "discount", "business", "partner ref", "partner affiliate", "author",
            "no payment", "failed first", "recovered", "billed before it was made", "purchase order", "invoice credited", "tax_mode internal",
            "tax_mode external", "tax_mode location", "tax_mode account_setting", "override", "float noise", "currency USD", "currency EUR", "currency GBP",
            "currency AUD", "currency CAD", "currency JPY", "currency KRW", "method card", "method paypal", "method wire_transfer", "method ideal",
        ], Whole.Value.Transactions, Kinds);

    [Fact]
    public void Every_kind_of_adjustment_is_among_six_thousand() => AllThere(
        [
            "refund approved", "refund rejected", "credit approved", "credit reversed", "credit_reverse approved", "chargeback approved",
            "chargeback reversed", "chargeback_reverse approved", "chargeback_warning approved", "chargeback_warning reversed",
            "chargeback_warning_reverse approved", "full", "partial", "item full", "item partial", "item tax", "item proration", "one line of several",
            "retained fee", "dispute fee of another currency", "dispute fee of ours", "late approval", "at once", "over the end of a month", "to balance",
            "not to balance", "yen", "months later", "year later", "subscription_recurring", "subscription_update_failed",
        ], Whole.Value.Adjustments, AdjustmentKinds);

    private static void AllThere(string[] wanted, IShelf shelf, Func<JsonObject, IEnumerable<string>> kinds)
    {
        var missing = wanted.ToHashSet();
        for (var number = 0; number < shelf.Count(End); number++) missing.ExceptWith(kinds(shelf.Render(number, End)));
        Assert.Empty(missing);
    }

    private static IEnumerable<string> Kinds(JsonObject sale)
    {
        var (status, details, totals) = ((string)sale["status"]!, sale.Of("details"), sale.Of("details").Of("totals"));
        var (total, lines, payments) = (long.Parse((string)totals["total"]!), details["line_items"]!.AsArray(), sale["payments"]!.AsArray());
        yield return status;
        yield return $"origin {sale["origin"]}";
        yield return $"currency {sale["currency_code"]}";
        if ((string)sale["collection_mode"]! == "manual") yield return $"manual {status}";
        else if (status == "canceled" && sale["billed_at"] is not null) yield return "automatic canceled after it was billed";
        if (sale["customer_id"] is null) yield return "nobody yet";
        if (total < 0) yield return "negative";
        if (total == 0) yield return (string)totals["subtotal"]! == "0" ? "zero" : "free by discount";
        if ((string)totals["credit_to_balance"]! != "0") yield return "credit made";
        var isInvoice = (string)sale["collection_mode"]! == "manual";
        if ((string)totals["credit"]! != "0") yield return isInvoice ? "invoice credited" : "credit used";
        if (sale["revised_at"] is not null) yield return "revised";
        foreach (var item in sale["items"]!.AsArray().Select(item => item!.AsObject()))
        {
            yield return (string)item.Of("price")["type"]!;
            yield return (string)item.Of("price")["status"]!;
            yield return $"tax_mode {item.Of("price")["tax_mode"]}";
            if (item.Of("price")["unit_price_overrides"]!.AsArray().Count > 0) yield return "override";
            if ((int)item["quantity"]! > 1) yield return "many of one";
        }
        if (lines.Count > 1) yield return "several lines";
        if (lines.Any(line => line!["product"]!["custom_data"]?["author"] is not null)) yield return "author";
        if (details["tax_rates_used"]!.AsArray().Count > 1) yield return "several tax rates";
        if (lines.All(line => Money.Ratio.Parse((string)line!["tax_rate"]!)!.Value.IsZero)) yield return "no tax";
        if (sale["discount_id"] is not null) yield return "discount";
        if (sale["business_id"] is not null) yield return "business";
        if (sale["custom_data"]?["ref"] is not null) yield return "partner ref";
        if (sale["custom_data"]?["affiliate"] is not null) yield return "partner affiliate";
        if (status == "completed" && total > 0 && payments.Count == 0) yield return "no payment";
        if (payments.Count == 2) yield return (string)sale["origin"]! == "subscription_recurring" ? "recovered" : "failed first";
        foreach (var payment in payments) yield return $"method {payment!["method_details"]!["type"]}";
        if (Instants.Parse((string?)sale["billed_at"]) < Instants.Parse((string)sale["created_at"]!)) yield return "billed before it was made";
        if (sale["billing_details"]?["purchase_order_number"] is not null) yield return "purchase order";
        if (details["payout_totals"]?["exchange_rate"]?.GetValue<string>() is { Length: > 16 } rate && rate[^1] == '8') yield return "float noise";
    }

    private static IEnumerable<string> AdjustmentKinds(JsonObject adjustment)
    {
        var (action, items) = ((string)adjustment["action"]!, adjustment["items"]!.AsArray());
        var (created, updated) = ((string)adjustment["created_at"]!, (string)adjustment["updated_at"]!);
        var waited = Instants.Parse(updated) - Instants.Parse(created);
        var sale = Whole.Value.Transactions.Render(Whole.Value.Transactions.Find((string)adjustment["transaction_id"]!), End);
        var after = Instants.Parse(created) - Instants.Parse((string)sale["created_at"]!);
        yield return $"{action} {adjustment["status"]}";
        yield return (string)adjustment["type"]!;
        yield return (string)adjustment["reason"]!;
        foreach (var item in items) yield return $"item {item!["type"]}";
        if (items.Count == 1 && (string)items[0]!["type"]! == "full" && sale["items"]!.AsArray().Count > 1) yield return "one line of several";
        if ((string)adjustment.Of("totals")["retained_fee"]! != "0") yield return "retained fee";
        if (adjustment.Of("payout_totals")["chargeback_fee"] is { } fee && (string)fee["amount"]! != "0")
            yield return fee["original"] is null ? "dispute fee of ours" : "dispute fee of another currency";
        if (action == "refund" && waited > 14 * Instants.Day) yield return "late approval";
        if (action == "refund" && waited == 0) yield return "at once";
        if (action == "refund" && created[..7] != updated[..7]) yield return "over the end of a month";
        if (adjustment["credit_applied_to_balance"] is { } toBalance) yield return (bool)toBalance ? "to balance" : "not to balance";
        if ((string)adjustment["currency_code"]! == "JPY") yield return "yen";
        if (after > 100 * Instants.Day) yield return "months later";
        if (action == "chargeback_reverse" && after > 380 * Instants.Day) yield return "year later";
    }

    private static void Same(IShelf shelf, string[] texts, string[] times, long now)
    {
        for (var number = 0; number < shelf.Count(now); number++)
        {
            var shown = shelf.Render(number, now);
            foreach (var field in texts) Assert.Equal((string?)shown[field], shelf.Text(number, field, now));
            foreach (var field in times) Assert.Equal(Instants.Parse((string?)shown[field]), shelf.Time(number, field, now));
        }
    }

    private static IShelf[] Shelves(Past past) =>
        [past.Transactions, past.Adjustments, past.Products, past.Prices, past.Customers, past.Addresses, past.Businesses, past.Discounts];

    private static string Digest(Options options)
    {
        var past = Past.Of(options);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var shelf in Shelves(past))
        {
            for (var number = 0; number < shelf.Count(options.Until); number++)
                hash.AppendData(Encoding.UTF8.GetBytes(shelf.Render(number, options.Until).ToJsonString()));
        }
        foreach (var happening in past.Between(options.Until - (90 * Instants.Day), options.Until))
            hash.AppendData(Encoding.UTF8.GetBytes($"{happening.At} {happening.Type} {past.Data(happening).ToJsonString()}"));
        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
