namespace Allocora.Messaging;

/// <summary>How far the broker has answered for the messages published on one channel.</summary>
internal sealed class ConfirmWindow
{
    /// <summary>A crash of either side costs at most so many duplicates.</summary>
    public const int Size = 500;

    /// <summary>A full window is filled again when this many have been answered, so that the two sides do not wake each other for each message.</summary>
    private const int Refill = 200;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Lock changing = new();
    private readonly IReadOnlyList<OutgoingMessage> messages;
    private readonly IReadOnlyList<int> order;
    private readonly Delivery[] deliveries;
    private readonly bool[] answered;
    private readonly HashSet<string> returned = [];
    private readonly ulong firstTag;
    private int published, answers, lowest, wanted;
    private string? gone;
    private TaskCompletionSource? waiting;

    /// <param name="order">Which of the messages are published here, in this order.</param>
    /// <param name="deliveries">Of all messages; those confirmed here are written down.</param>
    /// <param name="firstTag">The number the broker gives the first of them.</param>
    public ConfirmWindow(IReadOnlyList<OutgoingMessage> messages, IReadOnlyList<int> order, Delivery[] deliveries, ulong firstTag)
    {
        (this.messages, this.order, this.deliveries, this.firstTag) = (messages, order, deliveries, firstTag);
        answered = new bool[order.Count];
    }

    public int Refused { get; private set; }

    public void Published()
    {
        lock (changing) published++;
    }

    /// <summary>The broker found no queue for it. It says so before it confirms.</summary>
    public void Returned(string? id)
    {
        lock (changing) returned.Add(id ?? "");
    }

    public void Answer(ulong tag, bool multiple, bool confirmed)
    {
        lock (changing)
        {
            if (tag < firstTag) return;
            var last = (int)(tag - firstTag);
            for (var i = multiple ? lowest : last; i <= last && i < answered.Length; i++) Answer(i, confirmed);
            while (lowest < answered.Length && answered[lowest]) lowest++;
            if (published - answers <= wanted) waiting?.TrySetResult();
        }
    }

    public void Break(string reason)
    {
        lock (changing)
        {
            gone ??= reason;
            waiting?.TrySetResult();
        }
    }

    /// <summary>Returns when another message may be published.</summary>
    public Task Room(Func<bool> isBlocked, TimeProvider time, CancellationToken ct)
    {
        lock (changing)
        {
            if (gone is null && published - answers < Size) return Task.CompletedTask;
        }
        return Wait(Size - Refill, isBlocked, time, ct);
    }

    /// <summary>Returns when all have been answered.</summary>
    public Task All(Func<bool> isBlocked, TimeProvider time, CancellationToken ct) => Wait(0, isBlocked, time, ct);

    private async Task Wait(int outstandingMax, Func<bool> isBlocked, TimeProvider time, CancellationToken ct)
    {
        while (true)
        {
            int before;
            Task change;
            lock (changing)
            {
                if (gone is not null) throw new ChannelGoneException(gone);
                if (published - answers <= outstandingMax) return;
                (before, wanted, waiting) = (answers, outstandingMax, new(TaskCreationOptions.RunContinuationsAsynchronously));
                change = waiting.Task;
            }
            try
            {
                await change.WaitAsync(Patience, time, ct);
            }
            catch (TimeoutException)
            {
                // A broker that blocks us says nothing for as long as it does.
                lock (changing) if (answers == before && !isBlocked()) gone ??= $"RabbitMQ confirmed nothing for {Patience.TotalSeconds:0} s";
            }
        }
    }

    private void Answer(int i, bool confirmed)
    {
        if (answered[i]) return;
        answered[i] = true;
        answers++;
        if (!confirmed) Refused++;
        else deliveries[order[i]] = returned.Count > 0 && returned.Contains(messages[order[i]].Id.ToString()) ? Delivery.Unheard : Delivery.Confirmed;
    }
}

/// <summary>The channel is of no use any more; what it had not confirmed has to be published again.</summary>
internal sealed class ChannelGoneException(string reason) : Exception(reason);
