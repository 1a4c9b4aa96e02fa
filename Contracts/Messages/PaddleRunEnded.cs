namespace Allocora.Contracts.Messages;

/// <summary>A sync run's last message: whoever has taken all before it has all the run brought.</summary>
/// <param name="Mode">normal, full or webhook.</param>
/// <param name="Outcomes">How many rows had which outcome; they add up to <paramref name="Rows"/>.</param>
public sealed record PaddleRunEnded(
    string Run, string Source, string Environment, string Mode, long Pages, long Rows, IReadOnlyDictionary<string, long> Outcomes,
    DateTimeOffset? CompleteUntil)
{
    public const string Name = "paddle.run.ended.v1";
}
