namespace Allocora.Contracts.Api;

/// <summary>What <c>GET /api/v1/csrf</c> answers: a script that acts for a signed-in person sends the token in the header.</summary>
public sealed record RequestToken(string Header, string Token);
