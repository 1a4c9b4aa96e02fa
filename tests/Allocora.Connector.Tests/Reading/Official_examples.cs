using System.Text;
using System.Text.Json;
using Allocora.Testing;

namespace Allocora.Connector.Tests;

/// <summary>What becomes of every transaction and adjustment in Paddle's own examples, seen by a source that takes all and knows nothing yet.</summary>
public sealed class Official_examples
{
    [Fact]
    public void Each_has_an_outcome_somebody_looked_at()
    {
        var seen = new StringBuilder();
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, "tests", "PaddleSdk", "examples.ndjson")))
        {
            using var example = JsonDocument.Parse(line);
            foreach (var outcome in Outcomes(example.RootElement.GetProperty("body")))
                seen.Append(example.RootElement.GetProperty("from").GetString()).Append("  ").AppendLine(outcome);
        }
        Golden.Matches(seen.ToString(), "official-examples.txt");
    }

    internal static IEnumerable<string> Outcomes(JsonElement body) => Objects(body).Select(Outcome);

    // The objects of a list or of a single answer, those that events carry, and those of notifications of events.
    private static IEnumerable<JsonElement> Objects(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object) return [];
        if (body.TryGetProperty("data", out var data))
            return data.ValueKind == JsonValueKind.Array ? data.EnumerateArray().SelectMany(Objects) : Objects(data);
        if (body.TryGetProperty("payload", out var payload)) return Objects(payload);
        return KindOf(body) is null ? [] : [body];
    }

    private static RowKind? KindOf(JsonElement row) =>
        row.TryGetProperty("details", out _) && row.TryGetProperty("items", out _) ? RowKind.Transaction
        : row.TryGetProperty("action", out _) && row.TryGetProperty("totals", out _) ? RowKind.Adjustment
        : null;

    private static string Outcome(JsonElement row)
    {
        var read = ReadPages.ReadOne(Encoding.UTF8.GetBytes($"{{\"data\":{row.GetRawText()}}}"), KindOf(row)!.Value, []);
        if (read.Row is not { } seen) return $"{read.Id ?? "(no id)"}  invalid  {read.Fault}";
        var judged = Judge.Of(seen, known: null, itsTransaction: null, Sample.All);
        return $"{seen.Id}  {seen.Status}  {judged.Outcome.ToString().ToLowerInvariant()}  {judged.Reason ?? "-"}";
    }
}
