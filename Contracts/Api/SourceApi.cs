namespace Allocora.Contracts.Api;

/// <param name="Provider"><c>paddle</c>.</param>
public sealed record VerifyKeyRequest(string Provider, string ApiKey);

/// <summary>What a key was found to open. Nothing of it is stored.</summary>
/// <param name="Ok">It can be connected: every required check is well.</param>
/// <param name="Reason">Why it cannot: <c>credential-malformed</c>, <c>credential-wrong-environment</c>, <c>credential-invalid</c>,
/// <c>credential-missing-permission</c> or <c>upstream-unavailable</c>.</param>
/// <param name="Environment"><c>live</c> or <c>sandbox</c>; null while it is not known.</param>
/// <param name="Masked">The part of the key that is no secret.</param>
/// <param name="Account">Paddle's own id of the account, where the API tells it.</param>
/// <param name="Currencies">Of the newest sales.</param>
/// <param name="SameAs">The source through which this account is connected already.</param>
public sealed record KeyVerification(
    bool Ok, string? Reason, string? Environment, string? Masked, string? Account, DateTimeOffset? ExpiresAt, IReadOnlyList<SourceCheck> Checks,
    IReadOnlyList<string> Lacks, IReadOnlyList<string> Currencies, string? SameAs);

/// <param name="Ok">Null where it cannot be told.</param>
/// <param name="Required">Without it the key is not taken.</param>
public sealed record SourceCheck(string Name, bool? Ok, bool Required, string Detail);

/// <param name="Currencies">What the source takes; none means all.</param>
/// <param name="StartDate">What is older is left out: a day, or a time as RFC 3339 has it. Null for all there is.</param>
/// <param name="IntervalMinutes">5 to 10080, a week; 60 unless told otherwise.</param>
/// <param name="CustomDataKeys">Of a sale's custom data, what is kept.</param>
public sealed record ConnectSourceRequest(
    string Name, string Provider, string ApiKey, IReadOnlyList<string>? Currencies = null, string? StartDate = null, int? IntervalMinutes = null,
    IReadOnlyList<string>? CustomDataKeys = null);

/// <summary>What is left out stays as it is.</summary>
/// <param name="StartDate">An empty text for all there is.</param>
public sealed record ChangeSourceRequest(
    string? Name = null, IReadOnlyList<string>? Currencies = null, string? StartDate = null, int? IntervalMinutes = null,
    IReadOnlyList<string>? CustomDataKeys = null);

/// <param name="GraceMinutes">How long the key before it is kept: 0 to 1440, a day, which it is unless told otherwise.</param>
public sealed record RotateSourceKeyRequest(string ApiKey, int? GraceMinutes = null);

/// <param name="Secrets">1 to 5, which count from now on in place of all before.</param>
public sealed record SetWebhookSecretsRequest(IReadOnlyList<string> Secrets);

/// <param name="State"><c>active</c>, <c>paused</c>, <c>stopped</c> by the service itself, or <c>disconnected</c>.</param>
/// <param name="StoppedBecause">For programs, such as <c>credential-invalid</c>; null unless stopped.</param>
/// <param name="Key">Null when it is disconnected.</param>
/// <param name="KeyExpiresSoon">It has 14 days left, or fewer.</param>
/// <param name="Lacks">Permissions the key does not have.</param>
/// <param name="WebhookUrl">Where Paddle sends events to, on this server.</param>
/// <param name="WebhookSecrets">How many secrets count.</param>
public sealed record SourceDetails(
    string Id, string Name, string Provider, string Environment, string? Account, string State, string? StoppedBecause, SourceKey? Key,
    bool KeyExpiresSoon, IReadOnlyList<string> Lacks, IReadOnlyList<string> Currencies, DateTimeOffset? StartDate, int IntervalMinutes,
    IReadOnlyList<string> CustomDataKeys, DateTimeOffset ConnectedAt, SourceFreshness Freshness, string WebhookUrl, int WebhookSecrets, long Version);

/// <param name="Masked">The part of the key that is no secret.</param>
/// <param name="AgeDays">Since it was stored here.</param>
/// <param name="OldGoodUntil">The key before it is kept until then; null when there is none any more.</param>
public sealed record SourceKey(
    string Masked, DateTimeOffset StoredAt, int AgeDays, DateTimeOffset? ExpiresAt, DateTimeOffset? OldGoodUntil);

/// <param name="Through">Sales up to here are in, by Paddle's clock; null before the first sync.</param>
/// <param name="SweptAt">When all adjustments were last read.</param>
/// <param name="SyncedAt">When the last sync came to its end.</param>
public sealed record SourceFreshness(DateTimeOffset? Through, DateTimeOffset? SweptAt, DateTimeOffset? SyncedAt, DateTimeOffset? NextSyncAt);
