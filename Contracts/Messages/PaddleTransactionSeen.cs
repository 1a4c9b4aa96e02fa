namespace Allocora.Contracts.Messages;

/// <summary>A transaction as Paddle showed it: what counts for revenue, in one form, without names, e-mail addresses or cards.</summary>
public sealed record PaddleTransactionSeen(PaddleTransaction Transaction, SeenAt Seen)
{
    public const string Name = "paddle.transaction.seen.v1";
}
