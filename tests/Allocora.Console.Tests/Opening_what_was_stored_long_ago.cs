using Allocora.Contracts.Events;
using Allocora.Testing;

namespace Allocora.Console.Tests;

/// <summary>Every form an event was ever stored in is kept in a file and opens as what it meant then.</summary>
public sealed class Opening_what_was_stored_long_ago
{
    private static readonly IReadOnlyList<FrozenEvent> Frozen = Corpus.Beside();

    private static readonly Dictionary<string, object> Meant = new()
    {
        ["downloaded/v1/plain.json"] = new Downloaded("/api/v1/workspaces/ws_1/runs/clc_1/evidence-bundle", "calculation"),
    };

    [Fact]
    public void Every_file_opens_as_what_it_meant() =>
        Assert.Equal(Meant.OrderBy(m => m.Key, StringComparer.Ordinal),
            Frozen.Select(f => KeyValuePair.Create(f.Name, ConsoleEvents.Catalog.Open(f.Stored))).OrderBy(m => m.Key, StringComparer.Ordinal));

    [Fact]
    public void Every_version_of_every_type_is_kept() =>
        Assert.Equal(
            from type in ConsoleEvents.Catalog.Versions
            from version in Enumerable.Range(1, type.Value)
            orderby type.Key, version
            select (type.Key, version),
            Frozen.Select(f => (f.Type, f.Version)).Distinct().Order());
}
