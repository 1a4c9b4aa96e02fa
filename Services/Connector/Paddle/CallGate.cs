using Microsoft.Extensions.Options;

namespace Allocora.Connector;

/// <summary>Lets calls of this program through, in the order of a <see cref="CallQueue"/>, as far as the budget that all programs share allows.</summary>
internal sealed class CallGate(CallBudget budget, IOptions<PaddleOptions> options, TimeProvider time)
{
    private const int WaitersMax = 4_000, WaitersMaxOfWorkspace = 500;

    private static readonly TimeSpan BusyFor = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly CallQueue queue = new();
    private int underWay;
    private bool isPumping;
    private long pausedAt;
    private TimeSpan pause;

    /// <summary>Waits for a place among the calls under way. Disposing it gives the place to somebody else.</summary>
    public async Task<IDisposable> Enter(string workspace, Urgency urgency, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var waiter = new Waiter(workspace, urgency);
        var since = time.GetTimestamp();
        lock (gate)
        {
            if (queue.Count >= WaitersMax || queue.CountOf(workspace) >= WaitersMaxOfWorkspace)
                throw new PaddleUnavailableException("rate-limited", "More calls wait for Paddle than can be made in good time.", BusyFor);
            queue.Add(waiter);
            Pump();
        }
        await using (ct.UnsafeRegister(_ => GiveUp(waiter, ct), null)) await waiter.Granted;
        ConnectorTelemetry.LimiterWait.Record(time.GetElapsedTime(since).TotalSeconds, new KeyValuePair<string, object?>("allocora.urgency", $"{urgency}"));
        return new Place(this);
    }

    /// <summary>Paddle said to wait: from here nobody calls before that, and from elsewhere as soon as the budget knows.</summary>
    public void Pause(TimeSpan howLong)
    {
        lock (gate)
        {
            if (howLong <= PauseLeft()) return;
            (pausedAt, pause) = (time.GetTimestamp(), howLong);
        }
    }

    private void GiveUp(Waiter waiter, CancellationToken ct)
    {
        lock (gate)
        {
            if (queue.Remove(waiter)) waiter.Cancel(ct);
        }
    }

    private void Leave()
    {
        lock (gate)
        {
            underWay--;
            Pump();
        }
    }

    // One at a time: as many permits are asked for at once as there are calls to make, and every program has one request to the budget.
    private void Pump()
    {
        if (isPumping || Wanted() == 0) return;
        isPumping = true;
        _ = Task.Run(Run);
    }

    private async Task Run()
    {
        try
        {
            while (Next() is var (wanted, wait))
            {
                var permits = wait > TimeSpan.Zero ? new Permits(0, wait) : await budget.Take(wanted, CancellationToken.None);
                LetThrough(permits.Granted);
                if (permits.Granted < wanted) await Task.Delay(permits.AgainIn, time);
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Whoever waits has to be told, whatever it was; the next who comes tries again.
            Fail(e);
        }
    }

    private (int Wanted, TimeSpan Wait)? Next()
    {
        lock (gate)
        {
            var wanted = Wanted();
            isPumping = wanted > 0;
            return isPumping ? (wanted, PauseLeft()) : null;
        }
    }

    private void LetThrough(int granted)
    {
        lock (gate)
        {
            // What was granted while Paddle said to wait is let lapse, as is what nobody waits for any more.
            if (PauseLeft() > TimeSpan.Zero) return;
            for (; granted > 0 && queue.Next() is { } next; granted--)
            {
                underWay++;
                next.Grant();
            }
        }
    }

    private void Fail(Exception why)
    {
        lock (gate)
        {
            isPumping = false;
            while (queue.Next() is { } next) next.Fail(why);
        }
    }

    private int Wanted() => Math.Min(queue.Count, options.Value.CallsAtOnce - underWay);

    private TimeSpan PauseLeft() => pause == TimeSpan.Zero ? TimeSpan.Zero : pause - time.GetElapsedTime(pausedAt);

    private sealed class Place(CallGate of) : IDisposable
    {
        private int left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref left, 1) == 0) of.Leave();
        }
    }
}
