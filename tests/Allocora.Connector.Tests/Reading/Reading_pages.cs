using System.Text;
using System.Text.Json.Nodes;

namespace Allocora.Connector.Tests;

public sealed class Reading_pages
{
    private static readonly string After = Sample.Id("txn", 9);

    [Fact]
    public void One_bad_row_does_not_spoil_its_neighbours()
    {
        var page = Read(Sample.LastPage(
            Sample.Transaction(1), 7, Sample.Transaction(2).With("currency_code", "usd"), null, new JsonArray(), Sample.Transaction(3)));
        Assert.Equal([null, "not-an-object:", "currency-malformed:currency_code", "not-an-object:", "not-an-object:", null], page.Rows.Select(r => r.Fault));
        Assert.Equal([Sample.Id("txn", 1), null, Sample.Id("txn", 2), null, null, Sample.Id("txn", 3)], page.Rows.Select(r => r.Id));
        Assert.Null(page.NextAfter);
        Assert.Equal(6, page.EstimatedTotal);
    }

    [Fact]
    public void A_row_nested_too_deeply_or_too_large_does_not_either()
    {
        var deep = Sample.Transaction(1).ToJsonString().Replace("\"jonas\"", new string('[', 100) + new string(']', 100), StringComparison.Ordinal);
        var large = Sample.Transaction(2).With("custom_data.ref", new string('x', 600_000)).ToJsonString();
        var body = $"{{\"data\":[{deep},{large},{Sample.Transaction(3).ToJsonString()}],\"meta\":{{\"pagination\":{{\"has_more\":false}}}}}}";
        var page = ReadPages.Read(Encoding.UTF8.GetBytes(body), RowKind.Transaction, [], Sample.Origin, "/transactions");
        Assert.Equal(["too-deep:", "too-large:", null], page.Rows.Select(r => r.Fault));
    }

    [Fact]
    public void Only_has_more_says_whether_more_follows()
    {
        Assert.Null(Read(Sample.LastPage(Sample.Transaction())).NextAfter);
        var more = Read(Sample.Page(More($"https://api.paddle.com/transactions?per_page=30&after={After}&status=paid"), Sample.Transaction()));
        Assert.Equal(After, more.NextAfter);
        Assert.Null(more.EstimatedTotal);
    }

    [Theory]
    [InlineData("\"many\"", null)]
    [InlineData("1.5", null)]
    [InlineData("-1", null)]
    [InlineData("1e999", null)]
    [InlineData("12", 12L)]
    public void An_estimate_is_taken_if_it_is_a_number(string written, long? estimated)
    {
        var body = $$"""{"data":[],"meta":{"pagination":{"has_more":false,"estimated_total":{{written}}} } }""";
        Assert.Equal(estimated, ReadPages.Read(Encoding.UTF8.GetBytes(body), RowKind.Transaction, [], Sample.Origin, "/transactions").EstimatedTotal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html><body>Bad gateway</body></html>")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"data\":[]}")]
    [InlineData("{\"data\":{},\"meta\":{\"pagination\":{\"has_more\":false}}}")]
    [InlineData("{\"data\":null,\"meta\":{\"pagination\":{\"has_more\":false}}}")]
    [InlineData("{\"data\":[],\"meta\":[]}")]
    [InlineData("{\"data\":[],\"meta\":{\"pagination\":null}}")]
    [InlineData("{\"data\":[],\"meta\":{\"pagination\":{\"has_more\":\"false\"}}}")]
    [InlineData("{\"data\":[],\"meta\":{\"pagination\":{\"has_more\":false,\"has_more\":true}}}")]
    [InlineData("{\"data\":[],\"data\":[],\"meta\":{\"pagination\":{\"has_more\":false}}}")]
    [InlineData("{\"data\":[],\"meta\":{\"pagination\":{\"has_more\":false}},\"meta\":{}}")]
    [InlineData("{\"data\":[],\"meta\":{\"pagination\":{\"has_more\":true}}}")]
    [InlineData("{\"data\":[],\"meta\":{\"pagination\":{\"has_more\":false}}} {}")]
    [InlineData("{\"data\":[NaN],\"meta\":{\"pagination\":{\"has_more\":false}}}")]
    [InlineData("{\"data\":[],\"meta\":{\"pagination\":{\"has_more\":false}}")]
    [InlineData("\ufeff{\"data\":[],\"meta\":{\"pagination\":{\"has_more\":false}}}")]
    public void What_is_no_page_is_refused_whole(string body)
    {
        var refused = Assert.Throws<PaddleNonsenseException>(
            () => ReadPages.Read(Encoding.UTF8.GetBytes(body), RowKind.Transaction, [], Sample.Origin, "/transactions"));
        Assert.Equal("provider-invalid", refused.Code);
        Assert.Null(refused.InnerException);
    }

    [Fact]
    public void So_is_one_that_is_no_text_too_long_or_empty_with_more_to_come()
    {
        var page = Sample.LastPage(Sample.Transaction().With("invoice_number", "XY")).ToJsonString();
        var broken = Encoding.Latin1.GetBytes(page.Replace("XY", "\u00fe\u00ff", StringComparison.Ordinal));
        Assert.Throws<PaddleNonsenseException>(() => ReadPages.Read(broken, RowKind.Transaction, [], Sample.Origin, "/transactions"));
        Assert.Throws<PaddleNonsenseException>(() => Read(Sample.LastPage([.. Enumerable.Range(0, 201).Select(_ => (JsonNode?)1)])));
        Assert.Equal(200, Read(Sample.LastPage([.. Enumerable.Range(0, 200).Select(_ => (JsonNode?)1)])).Rows.Count);
        Assert.Throws<PaddleNonsenseException>(() => Read(Sample.Page(More($"https://api.paddle.com/transactions?after={After}"))));
    }

    [Theory]
    [InlineData("http://api.paddle.com/transactions?after=ID")]
    [InlineData("https://api.paddle.com:8443/transactions?after=ID")]
    [InlineData("https://api.paddle.com.evil.example/transactions?after=ID")]
    [InlineData("https://evil.example/transactions?after=ID")]
    [InlineData("https://api.paddle.com@evil.example/transactions?after=ID")]
    [InlineData("https://me:secret@api.paddle.com/transactions?after=ID")]
    [InlineData("https://[::1]/transactions?after=ID")]
    [InlineData("https://169.254.169.254/transactions?after=ID")]
    [InlineData("https://api.paddle.com/adjustments?after=ID")]
    [InlineData("https://api.paddle.com/transactions/../adjustments?after=ID")]
    [InlineData("https://api.paddle.com//transactions?after=ID")]
    [InlineData("https://api.paddle.com/transactions%2f?after=ID")]
    [InlineData("https://api.paddle.com\\transactions?after=ID")]
    [InlineData("//api.paddle.com/transactions?after=ID")]
    [InlineData("/transactions?after=ID")]
    [InlineData("file:///etc/passwd?after=ID")]
    [InlineData("https://api.paddle.com/transactions")]
    [InlineData("https://api.paddle.com/transactions?per_page=30")]
    [InlineData("https://api.paddle.com/transactions?after=")]
    [InlineData("https://api.paddle.com/transactions?after=ID&after=ID")]
    [InlineData("https://api.paddle.com/transactions?after=ID#x")]
    [InlineData("https://api.paddle.com/transactions?after=ID%0d%0a")]
    [InlineData("https://api.paddle.com/transactions?after=ID;drop")]
    [InlineData("https://api.paddle.com/transactions?AFTER=ID")]
    [InlineData("https://api.paddle.com/transactions?after=adj_01hv8x29kz0t586xy6zn000009")]
    [InlineData("")]
    public void The_next_page_is_nowhere_but_where_this_one_was(string next)
    {
        next = next.Replace("ID", After, StringComparison.Ordinal);
        Assert.Equal("provider-invalid", Assert.Throws<PaddleNonsenseException>(() => NextPage.After(next, Sample.Origin, "/transactions", "txn")).Code);
        Assert.Throws<PaddleNonsenseException>(() => Read(Sample.Page(More(next), Sample.Transaction())));
    }

    [Fact]
    public void An_address_of_more_than_8_kilobytes_is_refused()
    {
        var address = $"https://api.paddle.com/transactions?after={After}&x=";
        Assert.Equal(After, NextPage.After(address + new string('x', 8 * 1024 - address.Length), Sample.Origin, "/transactions", "txn"));
        Assert.Throws<PaddleNonsenseException>(() => NextPage.After(address + new string('x', 8 * 1024), Sample.Origin, "/transactions", "txn"));
    }

    [Fact]
    public void Another_address_that_was_configured_is_as_good() =>
        Assert.Equal(
            After, NextPage.After($"http://127.0.0.1:8080/paddle/transactions?after={After}", new("http://127.0.0.1:8080/paddle/"), "/transactions", "txn"));

    private static ReadPage Read(JsonObject page) => ReadPages.Read(page.Bytes(), RowKind.Transaction, [], Sample.Origin, "/transactions");

    private static JsonObject More(string next) => new() { ["per_page"] = 30, ["next"] = next, ["has_more"] = true };
}
