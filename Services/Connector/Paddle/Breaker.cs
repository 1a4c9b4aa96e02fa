namespace Allocora.Connector;

/// <summary>Leaves an environment of Paddle's alone after it has failed several times in a row, then tries with one call whether it is back.</summary>
internal sealed class Breaker(TimeProvider time)
{
    private const int FailuresMax = 5;

    private static readonly TimeSpan
        First = TimeSpan.FromSeconds(15), Longest = TimeSpan.FromMinutes(2), WhileTrying = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private TimeSpan pause = First, wait;
    private long openedAt;
    private int round, failures;
    private bool isOpen, isTrying;

    /// <summary>Throws when no call shall be made.</summary>
    public void Check()
    {
        lock (gate) Refuse();
    }

    /// <summary>Throws when no call shall be made. Otherwise its outcome has to be told, with what this returns.</summary>
    public int Enter()
    {
        lock (gate)
        {
            Refuse();
            isTrying = isOpen;
            return round;
        }
    }

    public void Succeeded(int entered)
    {
        lock (gate)
        {
            // What was begun before it opened says nothing about now.
            if (entered != round) return;
            (isOpen, isTrying, failures, pause) = (false, false, 0, First);
        }
    }

    /// <param name="entered">What entering returned.</param>
    /// <param name="comeBackIn">Paddle said when to come back; before that nobody calls.</param>
    public void Failed(int entered, TimeSpan? comeBackIn = null)
    {
        lock (gate)
        {
            if (entered != round) return;
            if (!isOpen && comeBackIn is null && ++failures < FailuresMax) return;
            wait = comeBackIn > pause ? comeBackIn.Value : pause;
            pause = pause * 2 < Longest ? pause * 2 : Longest;
            (isOpen, isTrying, failures, openedAt) = (true, false, 0, time.GetTimestamp());
            round++;
        }
    }

    /// <summary>The call was given up before there was an outcome.</summary>
    public void Abandoned(int entered)
    {
        lock (gate)
        {
            if (entered == round) isTrying = false;
        }
    }

    private void Refuse()
    {
        if (!isOpen) return;
        var left = wait - time.GetElapsedTime(openedAt);
        if (left <= TimeSpan.Zero && !isTrying) return;
        throw new PaddleUnavailableException(
            "provider-error", "Paddle has failed several times in a row and is not called for now.", left > TimeSpan.Zero ? left : WhileTrying);
    }
}
