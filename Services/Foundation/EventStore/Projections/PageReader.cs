namespace Allocora.EventStore;

/// <summary>Reads a log page by page, the next one while the one before it is being written.</summary>
internal sealed class PageReader(EventFeed feed) : IAsyncDisposable
{
    private readonly CancellationTokenSource over = new();
    private (long Position, int Limit, Task<List<StoredEvent>> Page)? ahead;

    public async Task<IReadOnlyList<StoredEvent>> After(long position, int limit, CancellationToken ct)
    {
        if (ahead is { } started && (started.Position, started.Limit) == (position, limit))
        {
            ahead = null;
            return await started.Page.WaitAsync(ct);
        }
        return await Read(position, limit, ct);
    }

    /// <summary>Begins to read what will probably be asked for next.</summary>
    public async Task Ahead(long position, int limit)
    {
        if (ahead is { } unwanted) await ((Task)unwanted.Page).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ahead = (position, limit, Read(position, limit, over.Token));
    }

    public async ValueTask DisposeAsync()
    {
        await over.CancelAsync();
        if (ahead is { } unwanted) await ((Task)unwanted.Page).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        over.Dispose();
    }

    private async Task<List<StoredEvent>> Read(long position, int limit, CancellationToken ct)
    {
        var page = new List<StoredEvent>(limit);
        await foreach (var happened in feed.After(position, limit, ct: ct)) page.Add(happened);
        return page;
    }
}
