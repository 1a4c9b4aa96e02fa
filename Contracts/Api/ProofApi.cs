using System.Text.Json.Serialization;

namespace Allocora.Contracts.Api;

/// <summary>Whether a workspace's log is what it was when its events were written.</summary>
/// <param name="Ok">The chain is whole, and the heads that were signed outside the database are all there and agree with it.</param>
/// <param name="Events">How many were checked; all, where nothing is bad.</param>
/// <param name="FirstBad">
/// The first position where the log is not what it was. Where only a signed head disagrees, because log and seal were replaced
/// together, the first after the last head that agrees.
/// </param>
/// <param name="Chain">As it was recomputed, up to where the check ended.</param>
/// <param name="Heads">
/// What the file of signed heads outside the database was good for. <c>compared</c>: the log was held against the heads in it.
/// <c>none</c>: the log is empty, and nothing was ever signed. <c>unsigned</c>: there are events and no signed head yet; the next
/// comes within seconds. <c>missing</c>: the file is gone, or lacks heads that the database says were signed. <c>spoilt</c>: it
/// cannot be read, or somebody wrote into it who does not have the key. After the last three, only the chain was checked, and
/// that is not enough to call the log whole.
/// </param>
public sealed record LedgerVerification(bool Ok, long Events, long? FirstBad, string Chain, string Heads);

/// <summary>Signed heads, the newest first, and what their signatures are checked with.</summary>
/// <param name="Key">The key that signs now. Older heads may name another, whose public half was shown here then.</param>
public sealed record LedgerCheckpoints(IReadOnlyList<LedgerCheckpoint> Data, [property: JsonPropertyName("page")] PageEnd End, LedgerKey Key);

/// <summary>The public half of an ECDSA key on P-256.</summary>
/// <param name="Id">The first 16 hexadecimal digits of the SHA-256 of its SubjectPublicKeyInfo.</param>
public sealed record LedgerKey(string Id, string PublicKey);
