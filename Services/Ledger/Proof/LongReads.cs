using System.Collections.Concurrent;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Allocora.Ledger;

/// <summary>Who reads a whole log holds a connection for as long as it takes: one at a time for each workspace, and a few in all.</summary>
internal sealed class LongReads
{
    private const int Max = 8;
    private readonly ConcurrentDictionary<string, Under> running = new();

    /// <returns>Null when there is no place for another.</returns>
    public IDisposable? TryBegin(string workspace)
    {
        var read = new Under(running, workspace);
        if (running.Count >= Max) return null;
        return running.TryAdd(workspace, read) ? read : null;
    }

    public static ProblemHttpResult Busy() => Problems.Refuse(
        StatusCodes.Status409Conflict, "ledger-read-running", "The ledger is being verified or exported already; try again when that is done.");

    private sealed class Under(ConcurrentDictionary<string, Under> running, string workspace) : IDisposable
    {
        public void Dispose() => running.TryRemove(new(workspace, this));
    }
}
