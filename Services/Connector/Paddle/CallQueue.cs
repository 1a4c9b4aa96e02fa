namespace Allocora.Connector;

/// <summary>Somebody who wants to call.</summary>
internal sealed class Waiter(string workspace, Urgency urgency)
{
    private readonly TaskCompletionSource granted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Workspace => workspace;

    public Urgency Urgency => urgency;

    /// <summary>Its place among all who ever waited.</summary>
    public long Number { get; set; }

    public Task Granted => granted.Task;

    public void Grant() => granted.SetResult();

    public void Fail(Exception why) => granted.SetException(why);

    public void Cancel(CancellationToken ct) => granted.SetCanceled(ct);
}

/// <summary>
/// Who calls next: the most urgent, of those each workspace in turn, within one whoever came first. Every tenth goes to the urgency that has
/// waited longest, so that a whole history gets through beside people who look at things all day. It is not for several threads at once.
/// </summary>
internal sealed class CallQueue
{
    private const int LongestEvery = 10;

    private readonly LinkedList<LinkedList<Waiter>>[] turns = [.. Enum.GetValues<Urgency>().Select(_ => new LinkedList<LinkedList<Waiter>>())];
    private readonly Dictionary<(Urgency, string), LinkedListNode<LinkedList<Waiter>>> places = [];
    private long came, went;

    public int Count { get; private set; }

    public int CountOf(string workspace) => Enum.GetValues<Urgency>().Sum(one => places.TryGetValue((one, workspace), out var place) ? place.Value.Count : 0);

    public void Add(Waiter waiter)
    {
        waiter.Number = ++came;
        Count++;
        if (places.TryGetValue((waiter.Urgency, waiter.Workspace), out var place)) place.Value.AddLast(waiter);
        else places[(waiter.Urgency, waiter.Workspace)] = turns[(int)waiter.Urgency].AddLast(new LinkedList<Waiter>([waiter]));
    }

    /// <summary>Takes out whoever calls next; null when nobody waits.</summary>
    public Waiter? Next()
    {
        var waiting = turns.Where(turn => turn.Count > 0).ToList();
        if (waiting.Count == 0) return null;
        var turn = ++went % LongestEvery == 0 ? waiting.MinBy(one => one.Min(of => of.First!.Value.Number))! : waiting[0];
        var place = turn.First!;
        var next = place.Value.First!.Value;
        Remove(next);
        if (place.List is null) return next;
        turn.Remove(place);
        turn.AddLast(place);
        return next;
    }

    /// <summary>False when it is no longer waiting.</summary>
    public bool Remove(Waiter waiter)
    {
        if (!places.TryGetValue((waiter.Urgency, waiter.Workspace), out var place) || !place.Value.Remove(waiter)) return false;
        Count--;
        if (place.Value.Count > 0) return true;
        places.Remove((waiter.Urgency, waiter.Workspace));
        turns[(int)waiter.Urgency].Remove(place);
        return true;
    }
}
