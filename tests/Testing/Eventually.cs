using System.Collections;

namespace Allocora.Testing;

/// <summary>Waits for something another process or thread will do. It is the only place where a test waits for time to pass.</summary>
public static class Eventually
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(15);

    /// <summary>Looks until <paramref name="isThere"/> holds and returns what was seen. A look that throws has not seen it yet.</summary>
    public static async Task<T> Sees<T>(
        Func<CancellationToken, Task<T>> look, Func<T, bool> isThere, TimeSpan? deadline = null, CancellationToken ct = default)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(deadline ?? Deadline);
        var last = "nothing yet";
        while (true)
        {
            try
            {
                // Also when the look itself ignores its token.
                var seen = await look(patience.Token).WaitAsync(patience.Token);
                if (isThere(seen)) return seen;
                last = Describe(seen);
            }
            catch (Exception e) when (!patience.IsCancellationRequested)
            {
                last = $"{e.GetType().Name}: {e.Message}";
            }
            catch (OperationCanceledException)
            {
                // The loop's end says which of the two tokens it was.
            }
            await Task.Delay(Pause, patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ct.ThrowIfCancellationRequested();
            if (patience.IsCancellationRequested) throw new TimeoutException($"It did not happen within {deadline ?? Deadline}. Last seen: {last}");
        }
    }

    public static Task<T> Sees<T>(Func<T> look, Func<T, bool> isThere, TimeSpan? deadline = null, CancellationToken ct = default) =>
        Sees(_ => Task.FromResult(look()), isThere, deadline, ct);

    private static string Describe(object? seen) =>
        seen is IEnumerable many and not string ? $"[{string.Join(", ", many.Cast<object?>())}]" : $"{seen ?? "null"}";
}
