using System.Text;
using System.Text.Json;
using Allocora.Contracts;
using Allocora.Contracts.Messages;

namespace Allocora.Connector.Tests;

public sealed class What_is_left_of_a_person
{
    private static readonly string[] Traces =
    [
        "jane", "doe", "example.com", "4242", "2031", "main street", "munich", "apartment 7", "beside the bakery", "pay.example", "wonderland ltd", "de123",
        "@", "%40", "\\u0040", "ring twice",
    ];

    [Fact]
    public void Nothing_but_ids_and_the_place_of_the_sale()
    {
        var row = Full().Seen("ref", "note", "jane@example.com", "nested", "email");
        foreach (var kept in new[] { row.Payload, JsonSerializer.SerializeToUtf8Bytes(row.Transaction, Canonical.Json), Message(row) })
        {
            var text = Encoding.UTF8.GetString(kept).Replace("[e-mail removed]", "", StringComparison.Ordinal);
            foreach (var trace in Traces) Assert.DoesNotContain(trace, text, StringComparison.OrdinalIgnoreCase);
            foreach (var needed in new[] { Sample.Id("ctm", 1), "DE", "Bavaria", "80331", "jonas" }) Assert.Contains(needed, text, StringComparison.Ordinal);
        }
        Assert.Equal(new PlaceOfSale("DE", "Bavaria", "80331"), row.Transaction!.Place);
    }

    [Fact]
    public void The_same_sale_of_another_person_is_the_same_revision() =>
        Assert.Equal(
            Full().Seen().Revision,
            Full().With("customer.name", "Max Other").With("customer.email", "max@other.example").With("address.city", "Bonn")
                .With("payments.0.method_details.card.last4", "1111").Seen().Revision);

    [Fact]
    public void The_reason_of_a_refund_keeps_its_words_and_loses_its_addresses() =>
        Assert.Equal(
            "asked by [e-mail removed], cc <[e-mail removed]>",
            Sample.Adjustment().With("reason", "asked by jane.o'doe+x@mail.example.com, cc <doe@example.org>").Seen().Adjustment!.Reason);

    [Theory]
    [InlineData("jane@example.com", "[e-mail removed]")]
    [InlineData("mailto:jane@example.com.", "mailto:[e-mail removed]")]
    [InlineData("a@b.c d@e.f", "[e-mail removed] [e-mail removed]")]
    [InlineData("?to=jane%40example.com&x=1", "?to=[e-mail removed]&x=1")]
    [InlineData("jané@exämple.de", "[e-mail removed]")]
    [InlineData("jane＠example.com", "[e-mail removed]")]
    [InlineData("\"jane doe\"@example.com", "\"jane doe\"[e-mail removed]")]
    [InlineData("{\"to\":\"jane@example.com\"}", "{\"to\":\"[e-mail removed]\"}")]
    [InlineData("2 seats @ 5.00", "2 seats @ 5.00")]
    [InlineData("Home@Work", "Home@Work")]
    [InlineData("100 %40", "100 %40")]
    [InlineData("", "")]
    public void Whatever_looks_like_an_address_goes(string written, string kept) => Assert.Equal(kept, Redaction.WithoutEmails(written));

    [Fact]
    public void Looking_for_addresses_takes_no_longer_the_more_a_text_pretends_to_hold()
    {
        var text = string.Concat(Enumerable.Repeat("aaaa%40b", 60_000));
        var took = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal(text, Redaction.WithoutEmails(text));
        Assert.True(took.Elapsed < TimeSpan.FromSeconds(5), $"It took {took.Elapsed}.");
    }

    private static byte[] Message(SeenRow row) => JsonSerializer.SerializeToUtf8Bytes(
        new PaddleTransactionSeen(row.Transaction!, new("src", "live", "run", 1, 1, "r", "c", DateTimeOffset.UnixEpoch, Included: false)), Canonical.Json);

    private static System.Text.Json.Nodes.JsonObject Full() => Sample.Object(Sample.Transaction()
        .With("customer", Sample.Object("""{"id":"ctm_1","name":"Jane Doe","email":"jane@example.com","custom_data":{"alias":"jane"}}"""))
        .With("business", Sample.Object("""
            {"id":"biz_1","name":"Wonderland Ltd","tax_identifier":"DE123","contacts":[{"name":"Jane","email":"j@example.com"}]}
            """))
        .With("address", Sample.Object("""
            {"id":"add_1","description":"Beside the bakery","first_line":"1 Main Street","second_line":"Apartment 7","city":"Munich","region":"Bavaria",
              "postal_code":"80331","country_code":"DE"}
            """))
        .With("billing_details", Sample.Object("""{"additional_information":"Ring twice, Jane","purchase_order_number":"PO-1"}"""))
        .With("checkout.url", "https://pay.example/?c=jane")
        .With("payments.0.method_details", Sample.Object("""
            {"type":"card","card":{"type":"visa","last4":"4242","expiry_month":1,"expiry_year":2031,"cardholder_name":"JANE DOE"},
              "paypal":{"email":"jane@example.com"},"underlying_details":{"card":{"cardholder_name":"Jane Doe","last4":"4242"}}}
            """))
        .With("custom_data", Sample.Object("""
            {"ref":"jonas","note":"write to a.b@example.com","jane@example.com":"1","email":"x@example.com","customer_email":"y@example.com",
              "nested":{"list":["mail c\u0040example.com","d%40example.com"],"city":"Munich"}}
            """))
        .With("details.line_items.0.product.name", "Guide for e.f@example.com")
        .With("invoice_number", "for g@example.com").ToJsonString().Replace("c@example.com", "c\\u0040example.com", StringComparison.Ordinal));
}
