using System.Globalization;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.History;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox;

/// <summary>Somebody writes to a sale of the past, or to what was taken back of it: from then on nothing happens to it by itself.</summary>
public sealed class Writing_over_the_past : IAsyncLifetime
{
    private const long Step = 80 * Instants.Day;

    private static readonly string[] Start =
        ["--transactions", "3000", "--seed", "1", "--now", "2026-03-01T00:00:00Z", "--choice", "reversedIsTold=yes"];

    private static readonly long Begin = Instants.Parse("2026-03-01T00:01:00Z")!.Value, End = Begin + (9 * Step);

    private Running sandbox = null!;
    private Story story = null!;

    private Past Past => sandbox.Sandbox.Account.Past;

    public async Task InitializeAsync()
    {
        sandbox = await Running.With(Start);
        story = await Story.Begin(sandbox);
    }

    public async Task DisposeAsync() => await sandbox.DisposeAsync();

    [Fact]
    public async Task What_was_refunded_is_not_refunded_by_history_again()
    {
        var sale = Sales(number => Status(number, Begin) == "completed" && Adjustments(number) is [var first, ..]
            && Past.Adjustments.Time(first, "created_at", End) > Begin && Adjustments(number).Any(IsWholeRefund)).First();

        var refund = (await sandbox.Post("/adjustments", new JsonObject
        {
            ["action"] = "refund",
            ["transaction_id"] = Id(sale),
            ["reason"] = "error",
            ["type"] = "full",
        })).Of("data");
        await story.GoOn(End);

        var only = Assert.Single(await story.Adjustments(Id(sale)));
        Assert.Equal(((string)refund["id"]!, "approved"), ((string)only["id"]!, (string)only["status"]!));
        var sold = (await sandbox.Get($"/transactions/{Id(sale)}")).Of("data").Of("details");
        Assert.Equal((string)sold.Of("totals")["total"]!, (string)only.Of("totals")["total"]!);
        Assert.Equal("0", (string)sold.Of("adjusted_totals")["total"]!);
        await story.HoldsBut(Id(sale));
    }

    [Fact]
    public async Task A_chargeback_that_was_reversed_is_not_reversed_again()
    {
        var dispute = Taken(number => Past.Adjustments.Text(number, "action", End) == "chargeback" && Settles(number, "reversed")).First();
        await story.GoOn(Made(dispute) + Instants.Hour);
        var (id, sale) = (Past.Adjustments.Id(dispute), SaleOf(dispute));

        await sandbox.Do("POST", $"/objects/{id}/reverse");
        await story.GoOn(End);

        var all = await story.Adjustments(sale);
        Assert.Equal("reversed", (string)all.Single(one => (string)one["id"]! == id)["status"]!);
        Assert.Single(all, one => (string)one["action"]! == "chargeback_reverse");
        Assert.Equal(0, all.Sum(one => Shop.Amount(one["totals"], "total")));
        await story.HoldsBut(sale);
    }

    [Fact]
    public async Task A_refund_that_was_rejected_is_not_approved_later()
    {
        var refund = Taken(number => Settles(number, "approved") && Status(Past.Adjustments, number, Made(number)) == "pending_approval").First();
        await story.GoOn((Made(refund) + Past.Adjustments.Time(refund, "settled_at", End)!.Value) / 2);
        var (id, sale) = (Past.Adjustments.Id(refund), SaleOf(refund));

        await sandbox.Do("POST", $"/objects/{id}/reject");
        await story.GoOn(End);

        var row = (await story.Adjustments(sale)).Single(one => (string)one["id"]! == id);
        Assert.Equal("rejected", (string)row["status"]!);
        Assert.Equal(["pending_approval", "rejected"], story.Told(id));
        await story.HoldsBut(sale);
    }

    [Fact]
    public async Task An_open_sale_that_was_changed_is_neither_due_nor_paid_later()
    {
        var sale = Sales(number => Status(number, End) == "completed" && Past.Transactions.Text(number, "collection_mode", End) == "manual"
            && At(number, "past_due") is not null && At(number, "ready") > Begin).First();
        await story.GoOn(At(sale, "ready")!.Value + Instants.Second);

        var changed = (await sandbox.Patch($"/transactions/{Id(sale)}", new JsonObject { ["custom_data"] = new JsonObject { ["mine"] = 1 } })).Of("data");
        await story.GoOn(End);

        var shown = (await sandbox.Get($"/transactions/{Id(sale)}")).Of("data");
        Assert.Equal(("ready", changed.ToJsonString()), ((string)shown["status"]!, shown.ToJsonString()));
        Assert.Equal(["draft", "ready", "ready"], story.Told(Id(sale)));
        await story.HoldsBut(Id(sale));
    }

    [Fact]
    public async Task What_was_worked_out_a_moment_ahead_is_not_told_either_not_even_to_a_receiver()
    {
        await using var receiver = await Receiver.Open();
        var sale = Sales(number => Status(number, End) == "completed" && At(number, "ready") > Begin + Instants.Day && At(number, "ready") is { } ready
            && At(number, "paid") < ready + (50 * Instants.Second) && ready / Instants.Day == (ready + Instants.Minute) / Instants.Day).First();
        var ready = At(sale, "ready")!.Value;
        await sandbox.Post("/notification-settings", new JsonObject
        {
            ["description"] = "here",
            ["destination"] = receiver.Url + "/",
            ["type"] = "url",
            ["subscribed_events"] = new JsonArray("transaction.ready", "transaction.updated", "transaction.paid", "transaction.completed"),
        });
        await story.GoOn(ready);

        await sandbox.Patch($"/transactions/{Id(sale)}", new JsonObject { ["custom_data"] = new JsonObject { ["mine"] = 1 } });
        await story.GoOn(ready + (2 * Instants.Day));

        var after = Sales(number => At(number, "completed") > ready + Instants.Hour).First();
        await story.GoOn(At(after, "completed")!.Value + Instants.Minute);
        await Testing.Eventually.Sees(_ => Task.FromResult(receiver.All), all => all.Any(one => Concerns(one, after) && one.Type == "transaction.completed"));
        await Testing.Eventually.Sees(
            _ => sandbox.All("/notifications?per_page=200", one => (string)one["status"]!), all => all.All(status => status == "delivered"));
        Assert.Equal(["transaction.ready", "transaction.updated"], receiver.All.Where(one => Concerns(one, sale)).Select(one => one.Type));
        Assert.Equal(["draft", "ready", "ready"], story.Told(Id(sale)));
    }

    [Fact]
    public async Task What_history_would_have_taken_back_later_is_not_there_at_all()
    {
        var sale = Sales(number => Status(number, Begin) == "completed" && Adjustments(number) is [var one, var other, ..]
            && Made(one) <= Begin && Made(other) > Begin && Status(Past.Adjustments, one, Begin) == "approved").First();
        var before = (await sandbox.Get($"/transactions/{Id(sale)}")).Of("data").Of("details").Of("adjusted_totals").ToJsonString();

        await sandbox.Do("PATCH", $"/objects/{Id(sale)}", new JsonObject { ["custom_data"] = new JsonObject { ["mine"] = 1 } });
        await story.GoOn(End);

        var later = Past.Adjustments.Id(Adjustments(sale)[1]);
        Assert.Equal(before, (await sandbox.Get($"/transactions/{Id(sale)}")).Of("data").Of("details").Of("adjusted_totals").ToJsonString());
        Assert.DoesNotContain(await story.Adjustments(Id(sale)), one => (string)one["id"]! == later);
        Assert.Empty((await sandbox.Get($"/adjustments?id={later}"))["data"]!.AsArray());
        Assert.Empty(story.Told(later));
        await story.HoldsBut(Id(sale));
    }

    private static string Status(IShelf shelf, int number, long now) => shelf.Text(number, "status", now)!;

    private bool Concerns(Received webhook, int sale) => (string)webhook.Json["data"]!["id"]! == Id(sale);

    private static IEnumerable<int> Sales(Func<int, bool> which) => Enumerable.Range(0, 3_000).Where(which);

    private IEnumerable<int> Taken(Func<int, bool> which) =>
        Enumerable.Range(0, Past.Adjustments.Count(End)).Where(number => Made(number) > Begin && which(number));

    private string Id(int sale) => Past.Transactions.Id(sale);

    private string SaleOf(int adjustment) => Past.Adjustments.Text(adjustment, "transaction_id", End)!;

    private string Status(int sale, long now) => Status(Past.Transactions, sale, now);

    private IReadOnlyList<int> Adjustments(int sale) => Past.AdjustmentsOf(sale);

    private long Made(int adjustment) => Past.Adjustments.Time(adjustment, "created_at", End)!.Value;

    private bool Settles(int adjustment, string status) => Status(Past.Adjustments, adjustment, End) == status;

    private bool IsWholeRefund(int adjustment) => Past.Adjustments.Text(adjustment, "action", End) == "refund" && Settles(adjustment, "approved")
        && (string)Past.Adjustments.Render(adjustment, End)["type"]! == "full";

    private Dictionary<(int Sale, string Stage), long> stages = [];

    // When history has a sale become that.
    private long? At(int sale, string stage)
    {
        if (stages.Count == 0)
        {
            stages = Past.Between(0, End).Where(one => one.Type.StartsWith("transaction.", StringComparison.Ordinal))
                .GroupBy(one => (one.Number, one.Type["transaction.".Length..])).ToDictionary(group => group.Key, group => group.First().At);
        }
        return stages.TryGetValue((sale, stage), out var at) ? at : null;
    }

    /// <summary>A sandbox whose clock stands still until it is moved, with all that was told on the way.</summary>
    private sealed class Story(Running sandbox)
    {
        private readonly Dictionary<string, JsonObject> told = [];
        private long now;

        public static async Task<Story> Begin(Running sandbox)
        {
            var story = new Story(sandbox);
            await story.GoTo(Writing_over_the_past.Begin);
            return story;
        }

        /// <summary>In steps shorter than events are kept.</summary>
        public async Task GoOn(long to)
        {
            while (now < to) await GoTo(Math.Min(to, now + Step));
        }

        private async Task GoTo(long to)
        {
            await sandbox.Do("POST", "/clock", new JsonObject { ["now"] = Instants.Text(now = to), ["frozen"] = true });
            foreach (var one in await sandbox.All("/events?per_page=200&order_by=id[ASC]", one => one)) told[(string)one["event_id"]!] = one;
        }

        public Task<List<JsonObject>> Adjustments(string sale) => sandbox.All($"/adjustments?transaction_id={sale}&order_by=id[ASC]", one => one);

        /// <summary>The statuses with which an object was told, one after another.</summary>
        public IEnumerable<string> Told(string id) => InOrder.Where(one => (string)one["data"]!["id"]! == id).Select(one => (string)one["data"]!["status"]!);

        /// <summary>All agrees with itself, and all but the one sale is as if nobody had written.</summary>
        public async Task HoldsBut(string sale)
        {
            var (sales, taken) = await Shown();
            NothingIsTakenTwice(sales, taken);
            var last = new Dictionary<string, string>();
            foreach (var one in InOrder) last[(string)one["data"]!["id"]!] = (string)one["data"]!["status"]!;
            foreach (var one in sales.Concat(taken))
            {
                var id = (string)one["id"]!;
                if (last.TryGetValue(id, out var status)) Assert.Equal((id, status), (id, (string)one["status"]!));
            }
            Assert.True(last.Count > 500);

            await using var alone = await Running.With(Start);
            var other = await Begin(alone);
            await other.GoOn(now);
            var (otherSales, otherTaken) = await other.Shown();
            Assert.Equal(otherSales.Where(one => !IsOf(one, sale)).Select(Text), sales.Where(one => !IsOf(one, sale)).Select(Text));
            Assert.Equal(otherTaken.Where(one => !IsOf(one, sale)).Select(Text), taken.Where(one => !IsOf(one, sale)).Select(Text));
            Assert.Equal(other.InOrder.Where(one => !IsOf(one.Of("data"), sale)).Select(Text), InOrder.Where(one => !IsOf(one.Of("data"), sale)).Select(Text));
            Assert.NotEqual(other.InOrder.Select(Text), InOrder.Select(Text));
        }

        private IEnumerable<JsonObject> InOrder => told.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => one.Value)
            .Where(one => !((string)one["event_type"]!).StartsWith("payout.", StringComparison.Ordinal));

        private async Task<(List<JsonObject> Sales, List<JsonObject> Taken)> Shown() => (
            await sandbox.All("/transactions?order_by=id[ASC]", one => one), await sandbox.All("/adjustments?per_page=50&order_by=id[ASC]", one => one));

        private static string Text(JsonObject one) => one.ToJsonString();

        private static bool IsOf(JsonObject one, string sale) => (string)one["id"]! == sale || (string?)one["transaction_id"] == sale;

        private static void NothingIsTakenTwice(List<JsonObject> sales, List<JsonObject> taken)
        {
            var items = taken.Where(one => (string)one["status"]! != "rejected").SelectMany(one => one["items"]!.AsArray());
            var byLine = items.GroupBy(item => (string)item!["item_id"]!)
                .ToDictionary(group => group.Key, group => group.Sum(item => Shop.Amount(item!["totals"], "total")));
            Assert.True(byLine.Count > 100, string.Create(CultureInfo.InvariantCulture, $"only {byLine.Count} lines"));
            foreach (var line in sales.SelectMany(one => one["details"]!["line_items"]!.AsArray()))
            {
                if (byLine.TryGetValue((string)line!["id"]!, out var back)) Assert.InRange(back, 0, Shop.Amount(line["totals"], "total"));
            }
        }
    }
}
