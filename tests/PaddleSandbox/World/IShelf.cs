using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox.World;

/// <summary>
/// One kind of object that was there before anybody wrote, oldest first: numbered, never all in memory, and each what it is at the instant asked
/// for. Ids ascend with the number.
/// </summary>
internal interface IShelf
{
    /// <summary>How many were made by then.</summary>
    int Count(long now);

    /// <summary>Whether one that was to be made by then was: it was not when somebody took over before what it would have come from.</summary>
    bool Exists(int number, long now) => true;

    string Id(int number);

    /// <summary>The number of the one with this id, whether it exists yet or not; −1 when there is none.</summary>
    int Find(string id);

    /// <summary>A field that lists filter or order by, without rendering the object.</summary>
    string? Text(int number, string field, long now);

    /// <summary>A time that lists filter or order by.</summary>
    long? Time(int number, string field, long now);

    JsonObject Render(int number, long now);

    /// <summary>The first number from this one on, in steps of 1 or −1, whose object can ever have a time at or after the instant.</summary>
    int Skip(int number, int step, long since) => number;
}
