using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.History;

/// <summary>What happened to the adjustments of the past.</summary>
internal sealed class AdjustmentHappenings(Chronicle chronicle, IShelf adjustments, Func<Choices> choices) : IHappenings
{
    private const string Created = "adjustment.created", Updated = "adjustment.updated";

    public IReadOnlyList<Happening> Between(long after, long upTo)
    {
        var (all, tellsReversed) = (new List<Happening>(), choices().ReversedIsTold == "yes");
        var from = InOrder.Before(chronicle.Adjustments, after - PlanAdjustments.LongestPending, static row => row.Created);
        for (var number = from; number < chronicle.Adjustments.Length && chronicle.Adjustments[number].Created <= upTo; number++)
        {
            ref readonly var row = ref chronicle.Adjustments[number];
            if (row.Created > after) all.Add(new(row.Created, Created, number, this));
            if (row.Created > after && tellsReversed && row.Reverses >= 0) all.Add(new(row.Created, Updated, row.Reverses, this));
            if (row.Settled > row.Created && row.Settled > after && row.Settled <= upTo) all.Add(new(row.Settled, Updated, number, this));
        }
        all.Sort(static (a, b) => a.At != b.At ? a.At.CompareTo(b.At) : b.Number.CompareTo(a.Number));
        return all;
    }

    public bool Happened(Happening happening) => happening.At <= chronicle.Until(chronicle.Adjustments[happening.Number].Sale, happening.At);

    public JsonObject Data(Happening happening) => adjustments.Render(happening.Number, happening.At);
}
