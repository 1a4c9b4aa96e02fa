using System.Diagnostics;

namespace Allocora.Messaging;

/// <summary>The spans and counters of one consumer.</summary>
internal sealed class ConsumerTelemetry(string consumer, TimeProvider time)
{
    private const int TypesMax = 50;
    private readonly TimeProvider time = time;
    private readonly string consumer = consumer;

    // A sender may invent types; only those that were handled once become series of their own.
    private readonly HashSet<string> types = [];

    /// <summary>
    /// Each message gets a span under its producer's. A lone message's span is also what the database's spans hang on, so that one
    /// trace leads from the request to the commit; those of several hang on a span of the batch, which links to its messages.
    /// </summary>
    public Work Start(IReadOnlyList<Received> batch) => new(this, batch);

    public void Kept(Received message) => MessagingTelemetry.DeadLettered.Add(1, MessagingTelemetry.Of(consumer), TypeOf(message));

    private KeyValuePair<string, object?> TypeOf(Received message) => new("cloudevents.event_type", types.Contains(message.Type) ? message.Type : "other");

    private Activity? Process(Received message)
    {
        // Given no parent, a span takes the current one: that of the message before, or none.
        var parent = message.TraceContext;
        if (parent == default) Activity.Current = null;
        var span = MessagingTelemetry.Activities.StartActivity($"process {message.RoutingKey}", ActivityKind.Consumer, parent);
        return span?.SetTag("messaging.system", "rabbitmq").SetTag("messaging.operation.name", "process").SetTag("messaging.operation.type", "process")
            .SetTag("messaging.destination.name", consumer).SetTag("messaging.message.id", message.Id)
            .SetTag("cloudevents.event_id", message.Id).SetTag("cloudevents.event_type", message.Type);
    }

    internal sealed class Work : IDisposable
    {
        private readonly ConsumerTelemetry of;
        private readonly IReadOnlyList<Received> batch;
        private readonly Activity?[] messages;
        private readonly Activity? whole;
        private readonly long started;

        public Work(ConsumerTelemetry of, IReadOnlyList<Received> batch)
        {
            (this.of, this.batch, started) = (of, batch, of.time.GetTimestamp());
            messages = MessagingTelemetry.Activities.HasListeners() ? [.. batch.Select(of.Process)] : [];
            if (messages.Length <= 1) return;
            Activity.Current = null;
            var links = messages.OfType<Activity>().Select(m => new ActivityLink(m.Context));
            whole = MessagingTelemetry.Activities.StartActivity($"process batch {of.consumer}", ActivityKind.Internal, default(ActivityContext), null, links)
                ?.SetTag("messaging.batch.message_count", batch.Count);
        }

        public void Fail(Exception e)
        {
            foreach (var span in messages.Append(whole))
                span?.SetStatus(ActivityStatusCode.Error).SetTag("error.type", e.GetType().FullName);
        }

        public void End(IReadOnlyList<Verdict> verdicts)
        {
            var took = of.time.GetElapsedTime(started).TotalSeconds;
            for (var i = 0; i < verdicts.Count; i++)
            {
                if (verdicts[i].ReasonCode is null && of.types.Count < TypesMax) of.types.Add(batch[i].Type);
                var (who, type) = (MessagingTelemetry.Of(of.consumer), of.TypeOf(batch[i]));
                MessagingTelemetry.Consumed.Add(1, who, type);
                MessagingTelemetry.ProcessDuration.Record(took, who, type);
                if (verdicts[i].IsDuplicate) MessagingTelemetry.Duplicates.Add(1, who, type);
                if (messages.Length == 0) continue;
                messages[i]?.SetTag("allocora.outcome", verdicts[i].IsDuplicate ? "duplicate" : verdicts[i].ReasonCode ?? "done");
                if (verdicts[i].ReasonCode is { } reason) messages[i]?.SetStatus(ActivityStatusCode.Error).SetTag("error.type", reason);
            }
        }

        public void Dispose()
        {
            // Each makes the one before it current again, so they end in the other order.
            whole?.Dispose();
            foreach (var span in messages.Reverse()) span?.Dispose();
        }
    }
}
