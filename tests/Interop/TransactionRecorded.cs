namespace Allocora.Contracts.Events;

/// <summary>What is stored here, as both sides know it: the program that fills the log, and the stranger that reads it.</summary>
public sealed record TransactionRecorded(string TransactionId, long Gross);
