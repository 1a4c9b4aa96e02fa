using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Api;

internal enum Takes
{
    Ids,
    One,
    Many,
    Time,
}

/// <summary>A query parameter that chooses among the rows by a field of theirs.</summary>
/// <param name="Values">What there is to choose from, or null where anything may be named.</param>
/// <param name="Standard">What is meant when it is left out; null for all.</param>
internal sealed record Filter(string Name, Takes Takes, string[]? Values = null, string[]? Standard = null)
{
    /// <summary>What of a row is compared, where it is not the field of the same name.</summary>
    public Func<Row, long, string?>? Read { get; init; }

    /// <summary>The rows with a value, where they are found without looking through all.</summary>
    public Func<string, long, IEnumerable<Row>>? Find { get; init; }

    public static Filter ById(Collection of) => new("id", Takes.Ids) { Find = (id, now) => of.Find(id, now) is { } row ? [row] : [] };

    public string? Of(Row row, long now) => Read is null ? row.Text(Name, now) : Read(row, now);
}

/// <summary>How one list is asked: page sizes, orders, filters, what may be included.</summary>
internal sealed record Listing(Collection Of, int PerPage, int PerPageMax, string[] OrderBy, Filter[] Filters)
{
    public string[] Include { get; init; } = [];

    /// <summary>Rows no list shows, whatever is asked.</summary>
    public Func<Row, long, bool>? Hidden { get; init; }

    /// <param name="finish">Adds to a rendered object what was asked to be included.</param>
    public Answer Run(HttpContext http, Account account, Action<JsonObject, IReadOnlySet<string>>? finish = null)
    {
        var now = account.CatchUp();
        var asked = Asked.Read(this, http.Request, account.Choices);
        var rows = Page(asked, now);
        var hasMore = rows.Count > asked.PerPage;
        if (hasMore) rows.RemoveAt(rows.Count - 1);
        var data = new JsonArray();
        foreach (var row in rows)
        {
            var rendered = row.Render(now);
            finish?.Invoke(rendered, asked.Include);
            data.Add((JsonNode)rendered);
        }
        var pagination = new JsonObject
        {
            ["per_page"] = asked.PerPage,
            ["next"] = Asked.Next(http.Request, rows.Count > 0 ? rows[^1].Id : asked.After),
            ["has_more"] = hasMore,
        };
        if (http.Request.Headers["Skip-Count"] != "true") pagination["estimated_total"] = Of.Estimate(asked.Shape, now, () => Rows(asked, now, ascending: true));
        return new Answer(200, data, pagination);
    }

    // One row more than the page, to know whether there are more.
    private List<Row> Page(Asked asked, long now)
    {
        if (asked.Order == "id") return [.. Rows(asked, now, asked.Ascending, asked.After).Take(asked.PerPage + 1)];

        // Another order is found by looking at all rows and keeping the first of them: nothing has to stay sorted while rows change.
        var compare = asked.Ascending ? Comparer<Place>.Default : Comparer<Place>.Create(static (a, b) => b.CompareTo(a));
        var from = asked.After is null ? null
            : Of.Find(asked.After, now) is { } last ? Place.Of(last, asked.Order, now)
            : throw Refused.Invalid("after", "must be the id of an entity of this list");
        var best = new PriorityQueue<Row, Place>(Comparer<Place>.Create((a, b) => compare.Compare(b, a)));
        foreach (var row in Rows(asked, now, ascending: true))
        {
            var place = Place.Of(row, asked.Order, now);
            if (from is not null && compare.Compare(place, from) <= 0) continue;
            if (best.Count <= asked.PerPage) best.Enqueue(row, place);
            else best.EnqueueDequeue(row, place);
        }
        var rows = new List<Row>(best.Count);
        while (best.TryDequeue(out var row, out _)) rows.Add(row);
        rows.Reverse();
        return rows;
    }

    private IEnumerable<Row> Rows(Asked asked, long now, bool ascending, string? after = null)
    {
        var rows = asked.Candidates is { } candidates ? Sorted(candidates(now), ascending, after) : Of.Scan(now, ascending, after, asked.Since);
        return rows.Where(row => Matches(asked, row, now));
    }

    private static IEnumerable<Row> Sorted(IEnumerable<Row> rows, bool ascending, string? after)
    {
        IComparer<string> order = ascending ? StringComparer.Ordinal : Comparer<string>.Create(static (a, b) => string.CompareOrdinal(b, a));
        return rows.OrderBy(row => row.Id, order).Where(row => after is null || order.Compare(row.Id, after) > 0);
    }

    private bool Matches(Asked asked, Row row, long now)
    {
        foreach (var condition in asked.Conditions)
        {
            if (!condition(row, now)) return false;
        }
        return Hidden is null || !Hidden(row, now);
    }

    // Where a row stands in an order: by time or number first, then by text, then by id. What is null comes first.
    private sealed record Place(long Number, string Text, string Id) : IComparable<Place>
    {
        public static Place Of(Row row, string field, long now)
        {
            if (field.EndsWith("_at", StringComparison.Ordinal)) return new(row.Time(field, now) ?? long.MinValue, "", row.Id);
            var text = row.Text(field, now) ?? "";
            return long.TryParse(text, out var number) ? new(number, "", row.Id) : new(0, text, row.Id);
        }

        public int CompareTo(Place? other)
        {
            if (other is null) return 1;
            if (Number != other.Number) return Number.CompareTo(other.Number);
            return string.CompareOrdinal(Text, other.Text) is not 0 and var byText ? byText : string.CompareOrdinal(Id, other.Id);
        }
    }
}
