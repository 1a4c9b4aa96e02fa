using System.Collections.Concurrent;
using System.Diagnostics;
using Allocora.Probe;
using Allocora.Testing;

namespace Allocora.Foundation.Tests.Consuming;

public sealed class One_trace_through_the_queue : IAsyncLifetime
{
    private readonly ConcurrentQueue<Activity> ended = new();
    private readonly ActivitySource producer = new("Allocora.Producer");
    private NoteDesk desk = null!;
    private ActivityListener listener = null!;

    public async Task InitializeAsync()
    {
        desk = await NoteDesk.Open();
        listener = new()
        {
            ShouldListenTo = source => source.Name.StartsWith("Allocora.", StringComparison.Ordinal)
                || source.Name.StartsWith("RabbitMQ.Client.", StringComparison.Ordinal) || source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
    }

    public async Task DisposeAsync()
    {
        listener.Dispose();
        producer.Dispose();
        await desk.DisposeAsync();
    }

    [Fact]
    public async Task Leads_from_the_producer_to_the_append()
    {
        var request = await PublishTraced(new Note(1));

        await desk.Consuming();
        await desk.KeptAll(1);

        var process = await Ended(a => a.OperationName == $"process {NoteDesk.Queue}" && a.TraceId == request.TraceId);
        var append = await Ended(a => a.Source.Name == "Npgsql" && a.ParentSpanId == process.SpanId);
        var publish = await Ended(a => a.Source.Name == "RabbitMQ.Client.Publisher" && a.TraceId == request.TraceId);
        Assert.Equal(request.SpanId, publish.ParentSpanId);
        Assert.Equal(publish.SpanId, process.ParentSpanId);
        Assert.Equal(request.TraceId, append.TraceId);
        Assert.Equal(ActivityKind.Consumer, process.Kind);
        Assert.Equal(("note-1", "done"), (process.GetTagItem("messaging.message.id"), process.GetTagItem("allocora.outcome")));
    }

    [Fact]
    public async Task Leads_each_message_of_a_batch_to_its_own_producer_and_the_batch_to_all()
    {
        Activity[] requests = [await PublishTraced(new Note(1)), await PublishTraced(new Note(2, Note.Break)), await PublishTraced(new Note(3))];

        await desk.Consuming();
        await desk.KeptAll(2);

        var processes = new List<Activity>();
        foreach (var request in requests) processes.Add(await Ended(a => a.OperationName == $"process {NoteDesk.Queue}" && a.TraceId == request.TraceId));
        var batch = await Ended(a => a.OperationName == $"process batch {NoteDesk.Queue}" && a.Links.Any(l => l.Context.SpanId == processes[0].SpanId));
        Assert.Equal(processes.Select(p => p.SpanId), batch.Links.Select(l => l.Context.SpanId));
        Assert.Equal(default, batch.ParentSpanId);
        await Ended(a => a.Source.Name == "Npgsql" && a.ParentSpanId == batch.SpanId);
        Assert.Equal(["done", "rule-broken", "done"], processes.Select(p => p.GetTagItem("allocora.outcome")));
        Assert.Equal(3, requests.Select(r => r.TraceId).Append(batch.TraceId).Distinct().Count() - 1);
    }

    [Fact]
    public async Task Begins_with_the_message_when_its_producer_says_nothing()
    {
        Activity.Current = null;
        await desk.Publish(NoteDesk.Properties(new(1)), new Note(1).ToBody());

        // Whoever starts the host is not the producer.
        using var startup = producer.StartActivity("startup")!;
        await desk.Consuming();
        await desk.KeptAll(1);

        var process = await Ended(a => a.OperationName == $"process {NoteDesk.Queue}" && Equals(a.GetTagItem("messaging.message.id"), "note-1"));
        Assert.NotEqual(startup.TraceId, process.TraceId);
    }

    private async Task<Activity> PublishTraced(Note note)
    {
        Activity.Current = null;
        using var request = producer.StartActivity("request")!;
        await desk.Publish(note);
        return request;
    }

    private Task<Activity> Ended(Func<Activity, bool> wanted) =>
        Eventually.Sees(() => ended.FirstOrDefault(wanted), a => a is not null, NoteDesk.Patience)!;
}
