namespace Allocora.Contracts.Api;

/// <param name="Name">What listens, for people.</param>
public sealed record AddSubscriberRequest(string Name);

/// <summary>An account on the broker that hears one workspace.</summary>
/// <param name="Password">Shown here and never again.</param>
/// <param name="Address">Of the broker, without user and password; null when the Console is not told where it is.</param>
/// <param name="QueuePrefix">With it begin the names of the queues it may have.</param>
/// <param name="ExampleBinding">A routing key it may bind.</param>
public sealed record AddedSubscriber(
    string Id, string Name, string User, string Password, string? Address, string VirtualHost, string Exchange, string QueuePrefix, string ExampleBinding);

/// <param name="State"><c>active</c> or <c>revoked</c>.</param>
public sealed record ListedSubscriber(
    string Id, string Name, string User, string QueuePrefix, string State, DateTimeOffset AddedAt, DateTimeOffset? RevokedAt);
