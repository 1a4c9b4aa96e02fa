using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Allocora.Testing;

namespace Allocora.Connector.Tests;

/// <summary>T-PAGE-3: pages no Paddle would send, made of real ones. A page or a row is refused with a reason, and nothing else happens.</summary>
public sealed partial class Malformed_pages
{
    private const int Seed = 20261121;
    private const long BytesMax = 64L << 20;
    private const string Raw = "RAW VALUE";

    private static readonly (RowKind Kind, string Path, string Text)[] Pages = [.. RealPages()];

    // What each does to a page; and whether a page or a row must then be refused.
    private static readonly (string Name, bool IsRefused, Func<Random, string, byte[]> Make)[] Forms =
    [
        ("cut off", true, (random, page) => Bytes(page)[..random.Next(Bytes(page).Length)]),
        ("a byte that is another", false, (random, page) => Changed(Bytes(page), random)),
        ("bytes left out", false, (random, page) => Without(page, random)),
        ("a name twice", true, (random, page) => Bytes(Twice(page, random))),
        ("NaN", true, (random, page) => Bytes(Put(page, random, "NaN"))),
        ("10^400 as an amount", true, (_, page) => Bytes(Amount(page, "\"" + new string('9', 400) + "\""))),
        ("10^400 as a number", true, (_, page) => Bytes(Amount(page, new string('9', 400)))),
        ("an exponent", true, (_, page) => Bytes(Amount(page, "1e400"))),
        ("10,000 levels deep in a row", true, (random, page) => Bytes(Put(page, random, new string('[', 10_000) + new string(']', 10_000)))),
        ("a million levels deep", true, (_, _) => Bytes("{\"data\":" + new string('[', 1_000_000))),
        ("10,000 levels deep beside the rows", true, (_, page) =>
            Bytes(page.Replace("\"meta\":{", "\"meta\":{\"x\":" + Nested(10_000) + ",", StringComparison.Ordinal))),
        ("HTML", true, (_, _) => Bytes("<!DOCTYPE html><html><body><h1>502</h1></body></html>")),
        ("the wrong case of a currency", true, (_, page) => Bytes(Row(page, r => r["currency_code"] = "usd"))),
        ("no id", true, (_, page) => Bytes(Row(page, r => r.Remove("id")))),
        ("a negative quantity", false, (_, page) => Bytes(page.Replace("\"quantity\":1", "\"quantity\":-1", StringComparison.Ordinal))),
        ("a string of 3 MB", true, (random, page) => Bytes(Put(page, random, $"\"{new string('x', 3 << 20)}\""))),
        ("a name of 3 MB", true, (_, page) => Bytes(Row(page, r => r[new string('x', 3 << 20)] = 1))),
        ("200,000 members", true, (_, page) =>
            Bytes(Row(page, r => r["custom_data"] = Raw).Replace($"\"{Raw}\"", Members(200_000), StringComparison.Ordinal))),
        ("a million numbers", true, (_, _) => Bytes($"{{\"data\":[{string.Join(',', Enumerable.Repeat('1', 1_000_000))}],\"meta\":{{}}}}")),
        ("half a character", false, (random, page) => Bytes(Put(page, random, "\"\\udc00\""))),
        ("null", false, (random, page) => Bytes(Put(page, random, "null"))),
        ("null everywhere", true, (_, page) => Bytes(Row(page, r =>
        {
            foreach (var name in r.Select(m => m.Key).ToList()) r[name] = null;
        }))),
        ("another type", false, (random, page) => Bytes(Put(page, random, new[] { "0", "-1", "true", "[]", "{}", "\"\"", "[[{}]]", "1.5" }[random.Next(8)]))),
        ("rows that are none", true, (random, page) => Bytes(Rows(page, new[] { "[1,\"\",null,[],true]", "{}", "null", "\"rows\"" }[random.Next(4)]))),
        ("a mark of the byte order", true, (_, page) => [0xEF, 0xBB, 0xBF, .. Bytes(page)]),
        ("two pages", true, (_, page) => Bytes(page + page)),
    ];

    [Fact]
    public void Each_is_refused_with_a_reason_and_within_64_megabytes()
    {
        var random = new Random(Seed);
        var most = 0L;
        for (var n = 0; n < TestSize.Of(500, 60); n++)
        {
            var (name, isRefused, make) = Forms[n % Forms.Length];
            var (kind, path, page) = Pages[random.Next(Pages.Length)];
            var body = make(random, page);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var faults = Faults(body, kind, path);
            most = Math.Max(most, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.True(most <= BytesMax, $"{name} took {most:N0} bytes.");
            Assert.All(faults, f => Assert.Matches(Form(), f));
            if (isRefused) Assert.True(faults.Count > 0, $"A page with {name} was read as if nothing were wrong with it.");
        }
    }

    [Fact]
    public void The_pages_they_are_made_of_are_good() => Assert.All(Pages, p => Assert.Empty(Faults(Bytes(p.Text), p.Kind, p.Path)));

    private static List<string> Faults(byte[] body, RowKind kind, string path)
    {
        try
        {
            var page = ReadPages.Read(body, kind, ["ref"], Sample.Origin, path);
            Assert.All(page.Rows, r => Assert.Equal(r.Fault is null, r.Row is not null));
            return [.. page.Rows.Select(r => r.Fault).OfType<string>()];
        }
        catch (PaddleNonsenseException e)
        {
            Assert.Null(e.InnerException);
            return [$"{e.Code}:"];
        }
    }

    private static IEnumerable<(RowKind, string, string)> RealPages()
    {
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, "tests", "PaddleSdk", "examples.ndjson")))
        {
            var example = JsonNode.Parse(line)!;
            if ((string?)example["schema"] is not ("GET /transactions" or "GET /adjustments")) continue;
            var kind = (string?)example["schema"] == "GET /transactions" ? RowKind.Transaction : RowKind.Adjustment;
            yield return (kind, kind == RowKind.Transaction ? "/transactions" : "/adjustments", example["body"]!.ToJsonString());
        }
        yield return (RowKind.Transaction, "/transactions", Sample.LastPage([.. Enumerable.Range(1, 20).Select(n => Sample.Transaction(n))]).ToJsonString());
        yield return (RowKind.Adjustment, "/adjustments", Sample.LastPage([.. Enumerable.Range(1, 20).Select(n => Sample.Adjustment(n))]).ToJsonString());
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Changed(byte[] page, Random random)
    {
        page[random.Next(page.Length)] = (byte)random.Next(256);
        return page;
    }

    private static byte[] Without(string page, Random random)
    {
        var at = random.Next(page.Length);
        return Bytes(page.Remove(at, random.Next(Math.Min(40, page.Length - at))));
    }

    private static string Row(string page, Action<JsonObject> change)
    {
        var json = JsonNode.Parse(page)!;
        change(json["data"]![0]!.AsObject());
        return json.ToJsonString();
    }

    private static string Rows(string page, string rows)
    {
        var json = JsonNode.Parse(page)!;
        json["data"] = Raw;
        return json.ToJsonString().Replace($"\"{Raw}\"", rows, StringComparison.Ordinal);
    }

    // In the place of a value somewhere in the first row: of its own, or one of its parts'.
    private static string Put(string page, Random random, string value) => Row(page, row =>
    {
        var at = row;
        while (true)
        {
            var name = at.ElementAt(random.Next(at.Count)).Key;
            if (at[name] is JsonObject { Count: > 0 } part && random.Next(3) > 0) at = part;
            else
            {
                at[name] = Raw;
                return;
            }
        }
    }).Replace($"\"{Raw}\"", value, StringComparison.Ordinal);

    private static string Amount(string page, string value) => Row(page, row =>
    {
        var totals = (row["totals"] ?? row["details"]!["totals"])!;
        totals["total"] = Raw;
    }).Replace($"\"{Raw}\"", value, StringComparison.Ordinal);

    private static string Twice(string page, Random random)
    {
        var row = JsonNode.Parse(page)!["data"]![0]!.AsObject();
        var name = row.ElementAt(random.Next(row.Count)).Key;
        var first = page.IndexOf("[{", StringComparison.Ordinal) + 2;
        return page.Insert(first, $"\"{name}\":1,");
    }

    private static string Nested(int levels) => new string('[', levels) + new string(']', levels);

    private static string Members(int count) =>
        $"{{{string.Join(',', Enumerable.Range(0, count).Select(n => string.Create(CultureInfo.InvariantCulture, $"\"k{n}\":1")))}}}";

    [GeneratedRegex(@"\A[a-z-]+:[a-z0-9_.\[\]]*\z")]
    private static partial Regex Form();
}
