using System.Text.Json;

namespace Allocora.Contracts.Api;

/// <summary>Everything known of one object of Paddle's, from what it comes to down to what Paddle said.</summary>
/// <param name="Ledger">A <see cref="LedgerObject"/>; null where the Ledger holds nothing of it.</param>
/// <param name="Connector">An <see cref="ObjectEvidence"/>; null where none was ever seen.</param>
/// <param name="Missing">Services that could not be asked: what they know is not here.</param>
public sealed record ProviderObject(JsonElement? Ledger, JsonElement? Connector, IReadOnlyList<string> Missing);

/// <summary>What was seen of an object, and by which sync runs.</summary>
/// <param name="Source">Through which it came last.</param>
/// <param name="Standing"><c>counts</c>, <c>observed</c>, <c>waiting</c> or <c>skipped</c>.</param>
/// <param name="TransactionId">Of an adjustment.</param>
/// <param name="Versions">Its payloads, the first one first: of very many, the last ones.</param>
/// <param name="Sights">The rows of sync runs that showed it, the last one first.</param>
public sealed record ObjectEvidence(
    string Environment, string ProviderId, string Kind, string Source, string Status, string Standing, string? Reason, string? TransactionId,
    DateTimeOffset UpdatedAt, IReadOnlyList<PayloadVersion> Versions, bool HasMoreVersions, IReadOnlyList<ObjectSight> Sights, bool HasMoreSights);

/// <param name="Content">The hash by which facts and rows name it.</param>
/// <param name="SeenAt">For the first time, by Paddle's clock.</param>
/// <param name="Differences">From the version before; none for the first.</param>
public sealed record PayloadVersion(string Content, DateTimeOffset SeenAt, JsonElement Payload, IReadOnlyList<PayloadDifference> Differences);

/// <param name="Pointer">Where, as RFC 6901 has it.</param>
/// <param name="Before">Null where there was nothing.</param>
/// <param name="After">Null where there is nothing any more.</param>
#pragma warning disable CA1720 // RFC 6901's word, and no type of ours
public sealed record PayloadDifference(string Pointer, JsonElement? Before, JsonElement? After);
#pragma warning restore CA1720

/// <param name="Released">Not a fetched row: an adjustment that had waited for a row of this page.</param>
public sealed record ObjectSight(
    string Run, long Page, int Row, string Lane, string Outcome, string? Reason, string? Content, bool Released, DateTimeOffset At);
