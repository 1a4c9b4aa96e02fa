using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.History;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox;

/// <summary>Things that happened when a test says so.</summary>
internal sealed class MadeUpHistory(params (string At, string Type)[] happened) : IHappenings
{
    private readonly (long At, string Type)[] all = [.. happened.Select(one => (Instants.Parse(one.At)!.Value, one.Type)).OrderBy(one => one.Item1)];

    public IReadOnlyList<Happening> Between(long after, long upTo) =>
        [.. all.Select((one, number) => new Happening(one.At, one.Type, number, this)).Where(one => one.At > after && one.At <= upTo)];

    public JsonObject Data(Happening happening) => new()
    {
        ["id"] = $"{(happening.Type.StartsWith("adj", StringComparison.Ordinal) ? "adj" : "txn")}_{happening.Number:D26}",
        ["type"] = "full",
        ["totals"] = new JsonObject { ["grand_total_tax"] = "1", ["retained_fee"] = "2" },
    };
}
