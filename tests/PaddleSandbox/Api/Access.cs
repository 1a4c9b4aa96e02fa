using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Api;

/// <summary>The permission an endpoint needs: null for none, though still a key.</summary>
/// <param name="Takes">The query parameters it has; null where its list reads them.</param>
internal sealed record Needs(string? Permission, bool KeyIsOptional = false, string[]? Takes = null);

/// <summary>Who is calling, and may they. Paddle answers 403 to all of it.</summary>
internal static class Access
{
    /// <summary>Whose key was sent, or null where none is needed.</summary>
    public static ApiKey? Check(HttpContext http, Account account)
    {
        var needs = http.GetEndpoint()?.Metadata.GetMetadata<Needs>() ?? new Needs(null);
        var header = http.Request.Headers.Authorization.ToString();
        if (header.Length == 0)
        {
            if (needs.KeyIsOptional) return null;
            throw new Refused(403, "authentication_missing", "Authentication header is missing.");
        }
        if (!header.StartsWith("bearer ", StringComparison.OrdinalIgnoreCase) || header.Length < 8 || header.AsSpan(7).Contains(' '))
            throw new Refused(403, "authentication_malformed", "Authentication header has a wrong format.");
        if (account.Keys.Find(header[7..]) is not { IsRevoked: false } key || key.ExpiresAt <= account.Clock.Now)
            throw new Refused(403, "invalid_token", "The API key is not valid in this environment.");
        http.Items[typeof(ApiKey)] = key;
        Demand(http, needs.Permission);
        return key;
    }

    /// <summary>Refuses unless the caller's key has the permission; write includes read.</summary>
    public static void Demand(HttpContext http, string? permission)
    {
        if (permission is null) return;
        var key = (ApiKey)http.Items[typeof(ApiKey)]!;
        var includes = permission.EndsWith(".read", StringComparison.Ordinal) ? permission[..^5] + ".write" : permission;
        if (!key.Permissions.Contains(permission) && !key.Permissions.Contains(includes))
            throw new Refused(403, "forbidden", $"The API key lacks the permission {permission}.");
    }
}
