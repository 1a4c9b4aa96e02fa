namespace Allocora.Contracts.Events;

/// <summary>Somebody asked to have a message handled once more. In the stream of the dead letter; who it was stands in the headers.</summary>
/// <param name="DeadLetter">Its id.</param>
/// <param name="ReasonCode">Why it was not handled before.</param>
/// <param name="Attempts">How often that was tried.</param>
public sealed record DeadLetterReplayed(string DeadLetter, string ReasonCode, int Attempts);

/// <summary>Somebody decided that a message will never be handled. It is kept all the same.</summary>
/// <param name="Reason">What they said about it.</param>
public sealed record DeadLetterDiscarded(string DeadLetter, string ReasonCode, int Attempts, string Reason);
