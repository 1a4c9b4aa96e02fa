using Allocora.EventStore;
using Allocora.Testing;

namespace Allocora.Foundation.Tests.Deciding;

/// <summary>Every form an event was ever stored in is kept in a file and opens as what it meant then.</summary>
public sealed class Opening_what_was_stored_long_ago
{
    private static readonly IReadOnlyList<FrozenEvent> Frozen = Corpus.Beside();

    private static readonly Dictionary<string, SaleHappened> Meant = new()
    {
        ["sale_contradicted/v1/plain.json"] = new SaleContradicted("s1", 1000, 1001),
        ["sale_recorded/v1/more_than_we_know.json"] = new SaleRecorded("s2", long.MinValue, Channel.Web),
        ["sale_recorded/v1/plain.json"] = new SaleRecorded("s1", 1999, Channel.Web),
        ["sale_recorded/v2/noted.json"] = new SaleRecorded("s3", 0, Channel.Web, "a \"quoted\" ü"),
        ["sale_recorded/v2/plain.json"] = new SaleRecorded("s1", 1999, Channel.Invoice),
    };

    [Fact]
    public void Every_file_opens_as_what_it_meant() =>
        Assert.Equal(Meant.OrderBy(m => m.Key, StringComparer.Ordinal),
            Frozen.Select(f => KeyValuePair.Create(f.Name, (SaleHappened)Sales.Catalog.Open(f.Stored))).OrderBy(m => m.Key, StringComparer.Ordinal));

    [Fact]
    public void Every_version_of_every_type_is_kept() =>
        Assert.Equal(
            from type in Sales.Catalog.Versions
            from version in Enumerable.Range(1, type.Value)
            orderby type.Key, version
            select (type.Key, version),
            Frozen.Select(f => (f.Type, f.Version)).Distinct().Order());

    [Fact]
    public void What_is_written_today_is_what_is_kept_as_the_version_of_today()
    {
        var today = Frozen.Where(f => f.Version == Sales.Catalog.Versions[f.Type]).ToList();

        Assert.NotEmpty(today);
        Assert.All(today, f => Assert.Equal(
            CanonicalJson.Form(f.Data), CanonicalJson.Form(Sales.Catalog.Seal(Sales.Catalog.Open(f.Stored), Guid.Empty, f.Stored.At).Data)));
    }
}
