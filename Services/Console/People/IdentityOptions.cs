using System.ComponentModel.DataAnnotations;
using Allocora.ServiceDefaults;

namespace Allocora.Console;

public sealed class IdentityOptions : IValidatableObject
{
    public const string Local = "local", Oidc = "oidc";

    /// <summary>How people sign in: with a link of this machine, or at an OpenID Connect provider.</summary>
    [Required, AllowedValues(Local, Oidc, ErrorMessage = "give local or oidc.")] public string Mode { get; init; } = "";

    /// <summary>Whoever holds it can make sign-in links: 32 random bytes in Base64. For the mode local only.</summary>
    public string LinkKey { get; init; } = "";

    internal bool IsLocal => Mode == Local;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        IsLocal && KeyRing.KeyOf(LinkKey) is null ? [new("give 32 random bytes in Base64.", [nameof(LinkKey)])] : [];
}

public sealed class OidcOptions
{
    /// <summary>The provider's issuer, exactly as it spells itself; its discovery document is looked for below it.</summary>
    [Required] public string Authority { get; init; } = "";

    [Required] public string ClientId { get; init; } = "";
    [Required] public string ClientSecret { get; init; } = "";

    /// <summary>Separated by spaces.</summary>
    [Required] public string Scopes { get; init; } = "openid profile email";
}
