using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Security.Claims;
using Allocora.ServiceDefaults;

namespace Allocora.Console;

public sealed class SessionOptions : IValidatableObject
{
    /// <summary>Seals the keys of cookies and form tokens where they are kept: 32 random bytes in Base64, the same for every instance.</summary>
    [Required] public string Key { get; init; } = "";

    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")] public TimeSpan Lifetime { get; init; } = TimeSpan.FromHours(8);

    /// <summary>How long a session lives that nobody uses.</summary>
    [Range(typeof(TimeSpan), "00:02:00", "1.00:00:00")] public TimeSpan Idle { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How long a confirmation counts for what an approver does.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "01:00:00")] public TimeSpan FreshFor { get; init; } = TimeSpan.FromMinutes(10);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        KeyRing.KeyOf(Key) is null ? [new("give 32 random bytes in Base64.", [nameof(Key)])] : [];

    /// <summary>Whether a caller showed a short while ago that it is them; one without a session is never asked to.</summary>
    public bool IsFresh(ClaimsPrincipal caller, DateTimeOffset now)
    {
        if (Schemes.SessionOf(caller) is null) return true;
        return long.TryParse(caller.FindFirstValue(Schemes.ConfirmedClaim), NumberStyles.None, CultureInfo.InvariantCulture, out var confirmed)
            && now - DateTimeOffset.FromUnixTimeSeconds(confirmed) < FreshFor;
    }
}
