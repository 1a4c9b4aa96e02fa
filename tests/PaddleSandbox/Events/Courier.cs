using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Events;

/// <summary>
/// Lets happen what is due and brings it to whoever subscribed to it: one loop, few calls at a time, and no more taken out of history than can be
/// sent soon, however far the clock was moved.
/// </summary>
internal sealed class Courier(Account account, EventLog log, Destinations destinations, Notifications notifications, TimeProvider time) : IAsyncDisposable
{
    private const int MostAtOnce = 8, MostWaiting = 1_000;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Outbox outbox = new();
    private readonly Delivery delivery = new(time);
    private readonly RetrySchedule schedule = new(account.Options.IsLive, account.Options.WebhookPace);
    private readonly SemaphoreSlim free = new(MostAtOnce), wake = new(0, 1);
    private readonly CancellationTokenSource stopping = new();
    private Task running = Task.CompletedTask;

    public void Start() => running = Task.Run(Run);

    public Notification Send(Occurred happened, string destinationId, string origin)
    {
        var made = notifications.Add(happened, destinationId, origin);
        outbox.Add(destinationId, made.Id, time.GetTimestamp(), isFresh: true);
        return made;
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await running;
        for (var call = 0; call < MostAtOnce; call++) await free.WaitAsync();
        delivery.Dispose();
        stopping.Dispose();
    }

    private async Task Run()
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                Gather(account.CatchUp());
            }
            catch (Exception broken)
            {
                // What else is due, and all other deliveries, go on.
                await Console.Error.WriteLineAsync($"{broken}");
            }
            while (free.CurrentCount > 0 && outbox.Take(time.GetTimestamp()) is var (destinationId, notificationId))
            {
                await free.WaitAsync();
                _ = Deliver(destinationId, notificationId);
            }
            Task something = wake.WaitAsync(Pause, stopping.Token);
            await something.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Gather(long now)
    {
        lock (account.Gate)
        {
            if (!log.IsFollowed) return;
            while (outbox.Fresh < MostWaiting && log.Take(now) is { } happened)
            {
                foreach (var destination in destinations.All)
                {
                    if (destination.Wants(happened.Type)) Send(happened, destination.Id, "event");
                }
            }
        }
    }

    private async Task Deliver(string destinationId, string notificationId)
    {
        try
        {
            if (destinations.Find(destinationId) is not { } to || notifications.Find(notificationId) is not { } notification) return;
            await Attempt(to, notification);
        }
        catch (Exception broken)
        {
            await Console.Error.WriteLineAsync($"{broken}");
        }
        finally
        {
            outbox.Free(destinationId);
            free.Release();
            Wake();
        }
    }

    private async Task Attempt(Destination to, Notification notification)
    {
        var now = account.Clock.Now;
        if (to.Type == "email")
        {
            notifications.Replace(notification.Id, one => one with { Status = "delivered", DeliveredAt = now, LastAttemptAt = now });
            return;
        }
        var payload = notification.Payload(log.Find(notification.Event.Id)!);
        var secrets = to.Secrets(now, account.Choices.NewSecretSigns == "first");
        if (await delivery.Post(to.Address, payload, secrets, stopping.Token) is not { } answer) return;
        var attempts = notification.Attempts.Append(new Attempt(account.NewId("ntflog", now), answer.Code, answer.ContentType, answer.Body, now)).ToArray();
        var tried = notification with { Attempts = attempts, LastAttemptAt = now, RetryAt = null };
        var pause = answer.Code == 200 ? null : schedule.After(attempts.Length);
        var later = answer.Code == 200 ? tried with { Status = "delivered", DeliveredAt = account.Clock.Now }
            : pause is { } wait ? tried with { Status = "needs_retry", RetryAt = account.Clock.Now + (wait.Ticks / TimeSpan.TicksPerMicrosecond) }
            : tried with { Status = "failed" };
        notifications.Replace(notification.Id, was => later with { ReplayedAt = was.ReplayedAt });
        if (pause is null) return;
        var due = time.GetTimestamp() + (long)((Int128)pause.Value.Ticks * time.TimestampFrequency / TimeSpan.TicksPerSecond);
        outbox.Add(to.Id, notification.Id, due, isFresh: false);
    }

    private void Wake()
    {
        if (wake.CurrentCount > 0) return;
        try
        {
            wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // Somebody else just woke it.
        }
    }
}
