namespace Allocora.Contracts.Api;

/// <summary>What <c>GET /api/v1/status</c> answers: every service of the system and whether it can do its work.</summary>
public sealed record SystemStatus(DateTimeOffset AsOf, IReadOnlyList<ServiceStatus> Services);

/// <param name="State"><c>ready</c>, <c>not-ready</c>, <c>draining</c> or <c>unreachable</c>.</param>
/// <param name="Since">When the service entered this state.</param>
/// <param name="Version">Null while the service has never answered.</param>
public sealed record ServiceStatus(string Name, string State, DateTimeOffset Since, string? Version, IReadOnlyList<DependencyStatus> Dependencies);

/// <param name="Detail">Why it is not well; null when it is.</param>
public sealed record DependencyStatus(string Name, bool Ok, string? Detail);
