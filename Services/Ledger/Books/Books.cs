using Allocora.EventStore;

namespace Allocora.Ledger;

/// <summary>The read model of the Ledger: facts, objects, contradictions and runs, as its log tells them.</summary>
internal static class Books
{
    public const string Name = "books";

    public static readonly Projection Projection = new(Name, 1, BooksTables.Text, Apply);

    private static void Apply(IReadOnlyList<StoredEvent> page, ProjectionBatch batch)
    {
        var written = new PageOfBooks();
        foreach (var stored in page) written.Take(stored, LedgerEvents.Catalog.Open(stored));
        written.AddTo(batch);
    }
}
