using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.History;

/// <summary>The customers of the past, or their addresses or businesses.</summary>
/// <param name="prefix">Of their ids.</param>
/// <param name="numbers">The customers that have one, oldest first; null for all.</param>
internal sealed class PeopleShelf(
    Chronicle chronicle, string prefix, int[]? numbers, Func<int, long, string> idOf, Func<int, long, JsonObject> render) : IShelf
{
    private readonly int[] all = numbers ?? [.. Enumerable.Range(0, chronicle.Customers.Length)];

    public int Count(long now) => InOrder.Before<int>(all, now + 1, Made);

    public string Id(int number) => idOf(all[number], Made(all[number]));

    public int Find(string id) => InOrder.Find<int>(prefix, id, all, Made, Id);

    public string? Text(int number, string field, long now) => field == "id" ? Id(number) : Stored.Of(Render(number, now)).Text(field);

    public long? Time(int number, string field, long now) => field is "created_at" or "updated_at" ? Made(all[number]) : null;

    public JsonObject Render(int number, long now) => render(all[number], Made(all[number]));

    private long Made(int customer) => chronicle.Customers[customer];
}
