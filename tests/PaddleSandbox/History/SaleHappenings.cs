using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.History;

/// <summary>What happened to the transactions of the past.</summary>
internal sealed class SaleHappenings(Chronicle chronicle, IShelf transactions) : IHappenings
{
    private const string Updated = "transaction.updated";

    // Whatever is told this shortly before the completion is told of it: Paddle's events overtake each other.
    private const long Overtaking = 60 * Instants.Millisecond;

    // What of one instant comes first has the lower rank.
    private const int Last = 3;

    public IReadOnlyList<Happening> Between(long after, long upTo)
    {
        var (all, keys) = (new List<Happening>(), new List<long>());
        var from = InOrder.Before(chronicle.Sales, after - SaleStages.Longest, static sale => sale.Created);
        for (var number = from; number < chronicle.Sales.Length && chronicle.Sales[number].Created <= upTo; number++)
        {
            var stages = chronicle.Stages(number);
            var isCharge = stages.Billed == stages.Created;
            Tell(stages.Created, "transaction.created", 0);
            if (!isCharge) Tell(stages.Ready, "transaction.ready", 1);
            if (stages.Billed != stages.Paid) Tell(stages.Billed, "transaction.billed", 2);
            Tell(stages.Failed, "transaction.payment_failed");
            Tell(stages.PastDue, "transaction.past_due");
            Tell(stages.Paid, "transaction.paid");
            if (stages.Figured < stages.Completed) Tell(stages.Figured, Updated);
            if (stages.Completed != SaleStages.Never)
            {
                var dice = chronicle.SaleDice(number);
                Tell(stages.Completed + (dice.Happens(5_000, 90) ? -dice.Between(1_000, Overtaking, 91) : 1), Updated);
                Tell(stages.Completed, "transaction.completed");
            }
            Tell(stages.Canceled, "transaction.canceled");
            Tell(stages.Revised, "transaction.revised");

            void Tell(long at, string type, int rank = Last)
            {
                if (at <= after || at > upTo) return;
                all.Add(new(at, type, number, this));
                keys.Add((at * (Last + 1)) + rank);
            }
        }
        var (sorted, order) = (all.ToArray(), keys.ToArray());
        Array.Sort(order, sorted);
        return sorted;
    }

    public bool Happened(Happening happening) => happening.At <= chronicle.Until(happening.Number, happening.At);

    public JsonObject Data(Happening happening)
    {
        var completed = happening.Type == Updated ? chronicle.Stages(happening.Number).Completed : SaleStages.Never;
        var isOfCompletion = completed != SaleStages.Never && happening.At >= completed - Overtaking;
        return transactions.Render(happening.Number, isOfCompletion ? Math.Max(completed, happening.At) : happening.At);
    }
}
