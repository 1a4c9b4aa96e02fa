using Allocora.Testing;

namespace Allocora.Console.Tests;

public sealed class The_stored_events
{
    [Fact]
    public void Whatever_was_ever_stored_can_be_read()
    {
        var frozen = Corpus.Beside();

        foreach (var form in frozen) Assert.Equal(form.Type.Replace("_", "", StringComparison.Ordinal), ConsoleEvents.Catalog.Open(form.Stored).GetType().Name.ToLowerInvariant());
        Assert.Equal(ConsoleEvents.Catalog.Versions.Keys.Order(), frozen.Select(f => f.Type).Distinct().Order());
    }
}
