using System.Globalization;
using System.Text.Json;
using Allocora.Contracts.Api;

namespace Allocora.Connector;

/// <summary>In what two versions of a payload differ: as far down as both have something.</summary>
internal static class Differences
{
    public static IReadOnlyList<PayloadDifference> Between(JsonElement before, JsonElement after)
    {
        var found = new List<PayloadDifference>();
        Compare(before, after, "", found);
        return found;
    }

    private static void Compare(JsonElement before, JsonElement after, string pointer, List<PayloadDifference> found)
    {
        if (before.ValueKind == JsonValueKind.Object && after.ValueKind == JsonValueKind.Object)
        {
            foreach (var was in before.EnumerateObject())
            {
                var its = $"{pointer}/{Escaped(was.Name)}";
                if (after.TryGetProperty(was.Name, out var now)) Compare(was.Value, now, its, found);
                else found.Add(new(its, was.Value, null));
            }
            foreach (var now in after.EnumerateObject().Where(m => !before.TryGetProperty(m.Name, out _)))
                found.Add(new($"{pointer}/{Escaped(now.Name)}", null, now.Value));
        }
        else if (before.ValueKind == JsonValueKind.Array && after.ValueKind == JsonValueKind.Array)
        {
            var (was, now) = (before.EnumerateArray().ToList(), after.EnumerateArray().ToList());
            for (var place = 0; place < Math.Max(was.Count, now.Count); place++)
            {
                var its = string.Create(CultureInfo.InvariantCulture, $"{pointer}/{place}");
                if (place >= was.Count) found.Add(new(its, null, now[place]));
                else if (place >= now.Count) found.Add(new(its, was[place], null));
                else Compare(was[place], now[place], its, found);
            }
        }
        else if (!JsonElement.DeepEquals(before, after))
        {
            found.Add(new(pointer, before, after));
        }
    }

    private static string Escaped(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}
