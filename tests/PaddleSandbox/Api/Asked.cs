using System.Globalization;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Api;

/// <summary>What one request asked of a list, read and checked.</summary>
/// <param name="Shape">The filters as they were written, to know the same question again.</param>
internal sealed record Asked(
    string? After, int PerPage, string Order, bool Ascending, IReadOnlySet<string> Include, IReadOnlyList<Func<Row, long, bool>> Conditions, string Shape)
{
    /// <summary>All that can match, where it is known without looking through the list.</summary>
    public Func<long, IEnumerable<Row>>? Candidates { get; private init; }

    /// <summary>What matches has a time from then on.</summary>
    public long Since { get; private init; } = long.MinValue;

    private static readonly string[] Comparators = ["LT", "LTE", "GT", "GTE"];

    public static Asked Read(Listing listing, HttpRequest request, Choices choices)
    {
        var (order, ascending) = Sorting(listing, request.Query["order_by"]);
        var conditions = new List<Func<Row, long, bool>>();
        var (since, candidates) = (long.MinValue, (Func<long, IEnumerable<Row>>?)null);
        var known = new HashSet<string> { "after", "per_page", "order_by" };
        if (listing.Include.Length > 0) known.Add("include");
        foreach (var filter in listing.Filters)
        {
            known.Add(filter.Name);
            if (filter.Takes is Takes.Time) since = Math.Max(since, Times(filter, request.Query, choices, known, conditions));
            if (filter.Takes is Takes.Time || Texts(filter, request.Query[filter.Name]) is not { } wanted) continue;
            conditions.Add((row, now) => wanted.Contains(filter.Of(row, now) ?? "null"));
            if (filter.Find is { } find) candidates ??= now => wanted.SelectMany(value => find(value, now));
        }
        OnlyKnown(request, choices, known);
        var filters = request.Query.Where(one => one.Key is not ("after" or "per_page" or "order_by" or "include"));
        var shape = string.Join('&', filters.Select(one => $"{one.Key}={one.Value}"));
        return new(Cursor(listing, request.Query["after"]), PageSize(listing, request.Query["per_page"]), order, ascending,
            Included(listing, request.Query["include"]), conditions, shape)
        {
            Since = since,
            Candidates = candidates,
        };
    }

    public static void OnlyKnown(HttpRequest request, Choices choices, IReadOnlyCollection<string> known)
    {
        if (choices.UnknownParameters == "refuse" && request.Query.Keys.FirstOrDefault(key => !known.Contains(key)) is { } unknown)
            throw Refused.Invalid(unknown, "is not a parameter of this endpoint");
    }

    /// <summary>The address of the next page: what was asked, after the last row of this one.</summary>
    public static string Next(HttpRequest request, string? last)
    {
        var query = request.Query.Where(one => one.Key != "after").SelectMany(one => one.Value, (one, value) => KeyValuePair.Create(one.Key, value));
        if (last is not null) query = query.Append(KeyValuePair.Create("after", (string?)last));
        return $"{request.Scheme}://{request.Host}{request.Path}{QueryString.Create(query)}";
    }

    private static string? Cursor(Listing listing, string? after)
    {
        if (string.IsNullOrEmpty(after)) return null;
        return Ids.IsOne(listing.Of.Prefix, after) ? after : throw Refused.Invalid("after", $"must be the id of an entity of this list, {listing.Of.Prefix}_…");
    }

    private static int PageSize(Listing listing, string? perPage)
    {
        if (string.IsNullOrEmpty(perPage)) return listing.PerPage;
        return UInt128.TryParse(perPage, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size > 0
            ? (int)UInt128.Min(size, (UInt128)listing.PerPageMax)
            : throw Refused.Invalid("per_page", "must be a whole number above 0");
    }

    private static (string Field, bool Ascending) Sorting(Listing listing, string? text)
    {
        if (string.IsNullOrEmpty(text)) return ("id", false);
        var bracket = text.IndexOf('[');
        var (field, way) = bracket < 0 ? (text, "[ASC]") : (text[..bracket], text[bracket..].ToUpperInvariant());
        if (!listing.OrderBy.Contains(field) || way is not ("[ASC]" or "[DESC]"))
            throw Refused.Invalid("order_by", $"must be one of {string.Join(", ", listing.OrderBy)}, with [ASC] or [DESC]");
        return (field, way == "[ASC]");
    }

    public static HashSet<string> Included(Listing listing, string? text)
    {
        var wanted = Parts(text).ToHashSet();
        if (wanted.FirstOrDefault(one => !listing.Include.Contains(one)) is { } unknown)
            throw Refused.Invalid("include", $"must be one or more of {string.Join(", ", listing.Include)}, not {unknown}");
        return wanted;
    }

    private static HashSet<string>? Texts(Filter filter, string? text)
    {
        if (string.IsNullOrEmpty(text)) return filter.Standard?.ToHashSet();
        var wanted = filter.Takes is Takes.One ? [text] : Parts(text).ToHashSet();
        if (filter.Values is { } values && wanted.FirstOrDefault(one => !values.Contains(one)) is { } unknown)
            throw Refused.Invalid(filter.Name, $"must be one of {string.Join(", ", values)}, not {unknown}");
        return wanted;
    }

    // Answers the latest instant before which nothing matches.
    private static long Times(
        Filter filter, IQueryCollection query, Choices choices, HashSet<string> known, List<Func<Row, long, bool>> conditions)
    {
        var (given, since) = (0, long.MinValue);
        foreach (var (key, values) in query.Where(one => one.Key == filter.Name || one.Key.StartsWith(filter.Name + "[", StringComparison.Ordinal)))
        {
            var comparator = key == filter.Name ? "" : key.EndsWith(']') ? key[(filter.Name.Length + 1)..^1].ToUpperInvariant() : "?";
            if (key != filter.Name && !Comparators.Contains(comparator))
                throw Refused.Invalid(key, "the comparator must be LT, LTE, GT or GTE");
            if (Instants.Parse(values) is not { } limit)
            {
                var wrong = new FieldError(filter.Name, "must be a time of RFC 3339");
                throw new Refused(400, "invalid_time_query_parameter", "Invalid time query parameter.", wrong);
            }
            if (++given > 1 && choices.TwoSidedRanges == "refuse") throw Refused.Invalid(key, "only one comparator can be used for a field");
            known.Add(key);
            if (comparator is not ("LT" or "LTE")) since = Math.Max(since, limit);
            conditions.Add((row, now) => row.Time(filter.Name, now) is { } time && comparator switch
            {
                "LT" => time < limit,
                "LTE" => time <= limit,
                "GT" => time > limit,
                "GTE" => time >= limit,
                _ => time == limit,
            });
        }
        return since;
    }

    private static string[] Parts(string? text) =>
        (text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
