using System.Net;
using System.Net.Http.Json;
using Allocora.Contracts;
using Allocora.Contracts.Api;

namespace Allocora.Ledger.Tests.Books;

public sealed class Finding_facts
{
    [Fact]
    public async Task By_period_product_kind_currency_and_country_at_any_depth()
    {
        await using var ledger = await TalkingLedger.Start();
        var sales = Enumerable.Range(1, 120).Select(Made).ToList();
        var refunds = Enumerable.Range(1, 30)
            .Select(n => MadeUp.Adjustment(n, total: 60, sale: n) with { CreatedAt = MadeUp.Start.AddDays(n).AddHours(1) }).ToList();
        await ledger.Tell([.. sales.Select(s => (object)s.Seen()), .. refunds.Select(r => (object)r.Seen())]);

        foreach (var (query, expected) in new (string, Func<PaddleTransaction, bool>)[]
        {
            ("", _ => true), ("&kind=sale", _ => true), ("&country=FR", s => s.Place!.Country == "FR"),
            ($"&product={MadeUp.Id("pro", 2)}", s => ProductOf(s) == 2),
            ("&period=2026-03", s => s.BilledAt < new DateTimeOffset(2026, 4, 1, 0, 0, 0, TimeSpan.Zero)),
            ("&from=2026-04-01&to=2026-04-03", s => s.BilledAt is { Month: 4, Day: 1 or 2 }),
            ($"&country=DE&product={MadeUp.Id("pro", 3)}", s => s.Place!.Country == "DE" && ProductOf(s) == 3), ("&currency=EUR", _ => false),
            ($"&transaction={MadeUp.Id("txn", 7)}", s => s.Id == MadeUp.Id("txn", 7)),
        })
        {
            var found = await Paged(ledger, query, 7);
            Assert.Equal(sales.Where(expected).Select(s => s.Id).Order(), found.Where(f => f.Kind == "sale").Select(f => f.ProviderId).Order());
            Assert.Equal(found.OrderByDescending(f => f.EffectiveAt).ThenByDescending(f => f.Sequence).Select(f => f.Id), found.Select(f => f.Id));
        }
        // An adjustment is found by the country and the products of its sale.
        Assert.Equal(
            refunds.Where(r => sales.Single(s => s.Id == r.TransactionId).Place!.Country == "FR").Select(r => r.Id).Order(),
            (await Paged(ledger, "&country=FR&kind=refund", 3)).Select(f => f.ProviderId).Order());
        Assert.Equal(
            refunds.Where(r => ProductOf(sales.Single(s => s.Id == r.TransactionId)) == 2).Select(r => r.Id).Order(),
            (await Paged(ledger, $"&kind=refund&product={MadeUp.Id("pro", 2)}", 3)).Select(f => f.ProviderId).Order());
    }

    [Fact]
    public async Task A_month_is_that_of_the_workspace()
    {
        await using var ledger = await TalkingLedger.Start();
        await ledger.Ledger.Console.Change(RunningLedger.Workspace, "Pacific/Auckland");
        // In Auckland it is already the first of April, at +13 until the fifth.
        await ledger.Tell((MadeUp.Sale(1) with { BilledAt = new DateTimeOffset(2026, 3, 31, 11, 0, 0, TimeSpan.Zero) }).Seen());
        await ledger.Tell((MadeUp.Sale(2) with { BilledAt = new DateTimeOffset(2026, 3, 31, 10, 59, 59, TimeSpan.Zero) }).Seen());
        Assert.Equal([MadeUp.Id("txn", 1)], (await ledger.Facts("&period=2026-04")).Select(f => f.ProviderId));
        Assert.Equal([MadeUp.Id("txn", 2)], (await ledger.Facts("&period=2026-03")).Select(f => f.ProviderId));
    }

    [Theory]
    [InlineData("period=2026-13", "period")]
    [InlineData("period=2026-10&from=2026-10-01", "period")]
    [InlineData("from=yesterday", "from")]
    [InlineData("from=2026-10-02&to=2026-10-01", "to")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=abc", "limit")]
    [InlineData("cursor=1.2", "cursor")]
    [InlineData("cursor=99999999999999999999.1.1", "cursor")]
    [InlineData("kind=a%27b", "kind")]
    public async Task What_cannot_be_asked_names_the_word(string query, string word)
    {
        await using var ledger = await TalkingLedger.Start();
        var answer = await ledger.Api.GetAsync($"{TalkingLedger.Path}/facts?{query}");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains($"\"pointer\":\"{word}\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00Z")] // the day that was left out
    [InlineData("2026-10-04", "Australia/Lord_Howe", "2026-10-03T13:30:00Z")]
    [InlineData("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00Z")] // its midnight does not exist
    [InlineData("2026-11-01", "America/Havana", "2026-11-01T04:00:00Z")] // its midnight comes twice
    [InlineData("2024-02-29", "UTC", "2024-02-29T00:00:00Z")]
    public void A_day_begins_at_its_first_moment(string day, string zone, string at) =>
        Assert.Equal(DateTimeOffset.Parse(at, null), Days.Read(day, Days.ZoneOf(zone)));

    private static PaddleTransaction Made(int n)
    {
        var sale = MadeUp.Sale(n, total: 1200 + n, country: n % 3 == 0 ? "FR" : "DE");
        return sale with
        {
            BilledAt = MadeUp.Start.AddDays(n % 45).AddMinutes(n),
            Lines = [sale.Lines[0] with { ProductId = MadeUp.Id("pro", 1 + n % 4) }],
        };
    }

    private static int ProductOf(PaddleTransaction sale) => sale.Lines[0].ProductId![^1] - '0';

    private static async Task<List<FactDetails>> Paged(TalkingLedger ledger, string query, int limit)
    {
        var facts = new List<FactDetails>();
        for (string? cursor = null; ;)
        {
            var page = (await ledger.Api.GetFromJsonAsync<Page<FactDetails>>(
                $"{TalkingLedger.Path}/facts?limit={limit}{query}{(cursor is null ? "" : $"&cursor={cursor}")}"))!;
            Assert.True(page.Data.Count <= limit);
            facts.AddRange(page.Data);
            if ((cursor = page.End.NextCursor) is null) return facts;
        }
    }
}
