using System.Text.RegularExpressions;
using Allocora.ServiceDefaults;

namespace Allocora.Console;

/// <summary>What a workspace can be called, count in and live by.</summary>
internal static partial class WorkspaceSettingsRules
{
    private const int NameMax = 100, TimeZoneMax = 64;

    // Words that addresses of the Console begin with, or may one day.
    private static readonly HashSet<string> Reserved =
    [
        "account", "admin", "allocora", "api", "api-keys", "app", "approvals", "assets", "audit", "auth", "console", "css", "docs",
        "endpoints", "error", "events", "favicon", "health", "healthz", "help", "hooks", "img", "inner", "internal", "invite", "invites",
        "js", "keys", "link", "links", "live", "local", "login", "logout", "members", "metrics", "new", "oidc", "open", "platform",
        "public", "ready", "register", "root", "search", "security", "session", "sessions", "settings", "sign-in", "sign-out", "sign-up",
        "signin", "signout", "signup", "static", "status", "support", "system", "test", "user", "users", "version", "webhook", "webhooks",
        "well-known", "workspace", "workspaces", "www",
    ];

    // ISO 4217, without funds, metals, bonds and codes for tests.
    private static readonly HashSet<string> Currencies =
    [
        .. """
            AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF
            DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF
            KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN
            PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS
            UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
            """.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries),
    ];

    public static IEnumerable<FieldError> Slug(string slug)
    {
        if (!PlainSlug().IsMatch(slug)) yield return new("#/slug", "Give 3 to 40 of a-z, 0-9 and -, and neither begin nor end with -.");
        else if (Reserved.Contains(slug)) yield return new("#/slug", "This word is reserved. Choose another.");
    }

    public static IEnumerable<FieldError> Of(string? name, string? currency, string? timeZone)
    {
        if (name is not null && (name.Length > NameMax || string.IsNullOrWhiteSpace(name) || name.Any(char.IsControl)))
            yield return new("#/name", $"Give a name of 1 to {NameMax} characters.");
        if (currency is not null && !Currencies.Contains(currency)) yield return new("#/currency", "Give a currency as ISO 4217 has it, such as EUR.");
        if (timeZone is not null && !IsTimeZone(timeZone)) yield return new("#/timeZone", "Give a time zone as IANA has it, such as Europe/Berlin.");
    }

    // The names are those of files, so nothing that leads elsewhere is looked for.
    private static bool IsTimeZone(string name) =>
        name.Length <= TimeZoneMax && ZoneName().IsMatch(name) && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) && zone.Id == name;

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{1,38}[a-z0-9]$", RegexOptions.ECMAScript)]
    private static partial Regex PlainSlug();

    [GeneratedRegex("^[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$")]
    private static partial Regex ZoneName();
}
