using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox.History;

/// <summary>Something that became so by itself: an event, for whoever lists or is sent them.</summary>
/// <param name="Number">Which of its kind, to those it comes from.</param>
internal readonly record struct Happening(long At, string Type, int Number, IHappenings From);

/// <summary>A part of history that can tell what happened in it.</summary>
internal interface IHappenings
{
    /// <summary>What happened after the one instant and up to the other, oldest first.</summary>
    IReadOnlyList<Happening> Between(long after, long upTo);

    /// <summary>Whether it did happen: what was still to come of something does not when somebody takes that over.</summary>
    bool Happened(Happening happening) => true;

    /// <summary>The object as it was then.</summary>
    JsonObject Data(Happening happening);
}
