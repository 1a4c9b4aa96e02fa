namespace Allocora.Contracts.Messages;

/// <summary>An adjustment as Paddle showed it: a refund, a credit, a chargeback, or the reverse of one.</summary>
public sealed record PaddleAdjustmentSeen(PaddleAdjustment Adjustment, SeenAt Seen)
{
    public const string Name = "paddle.adjustment.seen.v1";
}
