namespace Allocora.Contracts.Events;

/// <summary>What may happen in the stream <c>subscribers</c> of a workspace: who may listen to it on the broker.</summary>
public abstract record SubscriberHappened;

/// <param name="PasswordHash">Of 32 random bytes, salted, as RabbitMQ keeps it: the user can be made again, its password told to nobody.</param>
public sealed record SubscriberAdded(string Subscriber, string Name, string PasswordHash) : SubscriberHappened;

public sealed record SubscriberRevoked(string Subscriber) : SubscriberHappened;
