using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.History;

/// <summary>The few things that a seller has made and now and then puts away: each is rendered as it is at the instant.</summary>
internal sealed class CatalogueShelf(int length, Func<int, long> made, Func<int, long, JsonObject> render) : IShelf
{
    private readonly int[] inOrder = [.. Enumerable.Range(0, length).OrderBy(made)];

    public int Count(long now) => InOrder.Before<int>(inOrder, now + 1, made);

    public string Id(int number) => (string)Render(number, long.MinValue)["id"]!;

    public int Find(string id) => Array.FindIndex(inOrder, one => (string)render(one, long.MinValue)["id"]! == id);

    public string? Text(int number, string field, long now) => Stored.Of(Render(number, now)).Text(field);

    public long? Time(int number, string field, long now) => Stored.Of(Render(number, now)).Time(field);

    public JsonObject Render(int number, long now) => render(inOrder[number], now);
}
