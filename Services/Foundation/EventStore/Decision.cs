namespace Allocora.EventStore;

/// <summary>A person asked for something a rule forbids: a code for programs and a sentence for people.</summary>
public sealed record Refusal(string Code, string Sentence);

/// <summary>What a rule decided: events to append, nothing to do, or a refusal.</summary>
public readonly record struct Decision<TEvent>(IReadOnlyList<TEvent> Events, Refusal? Refusal)
{
    public IReadOnlyList<TEvent> Events { get => field ?? []; init; } = Events;

    public static implicit operator Decision<TEvent>(TEvent happened) => new([happened], null);

    public static implicit operator Decision<TEvent>(TEvent[] happened) => new(happened, null);

    public static implicit operator Decision<TEvent>(Refusal refusal) => new([], refusal);
}

public static class Decision
{
    /// <summary>The evidence is in the stream already.</summary>
    public static Decision<TEvent> Nothing<TEvent>() => new([], null);
}

/// <summary>How a stream is remembered: from nothing, one event after the other.</summary>
public sealed record Decider<TState, TEvent>(TState Initial, Func<TState, TEvent, TState> Evolve);
