namespace Allocora.Contracts.Events;

/// <summary>Somebody decided whether rows count that a rule had left out. Who it was stands in the headers.</summary>
/// <param name="Decision">exclude or include.</param>
/// <param name="Rows">The rows this changed something about.</param>
public sealed record SkippedRowsDecided(string Decision, string Reason, IReadOnlyList<DecidedRow> Rows);

/// <param name="Id">In the register of skipped rows.</param>
/// <param name="Revision">What was decided about, in hexadecimal.</param>
public sealed record DecidedRow(string Id, string ProviderId, string Environment, string Revision);
