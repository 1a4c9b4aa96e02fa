namespace Allocora.Contracts;

/// <summary>Where and when something was seen, down to the row of a page.</summary>
/// <param name="Environment">live or sandbox.</param>
/// <param name="Revision">The hash of what counts: the same again has the same revision.</param>
/// <param name="Content">The hash of the payload that is kept as evidence.</param>
/// <param name="At">By Paddle's own clock.</param>
/// <param name="Included">A person decided that it counts although a rule would skip it.</param>
public sealed record SeenAt(
    string Source, string Environment, string Run, long Page, int Row, string Revision, string Content, DateTimeOffset At, bool Included);
