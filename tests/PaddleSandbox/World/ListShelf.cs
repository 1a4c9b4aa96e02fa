using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox.World;

/// <summary>A shelf of few objects, all of them known.</summary>
internal sealed class ListShelf(IReadOnlyList<JsonObject> objects) : IShelf
{
    public static readonly ListShelf Empty = new([]);

    private readonly Stored[] rows = [.. objects.Select(one => Stored.Of(one)).OrderBy(one => one.Id, StringComparer.Ordinal)];

    public int Count(long now)
    {
        var count = rows.Length;
        while (count > 0 && rows[count - 1].Time("created_at") > now) count--;
        return count;
    }

    public string Id(int number) => rows[number].Id;

    public int Find(string id) => Array.FindIndex(rows, row => row.Id == id);

    public string? Text(int number, string field, long now) => rows[number].Text(field);

    public long? Time(int number, string field, long now) => rows[number].Time(field);

    public JsonObject Render(int number, long now) => rows[number].Render();
}
