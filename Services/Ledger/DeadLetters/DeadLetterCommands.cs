using System.Globalization;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.Messaging;
using Npgsql;
using EventId = Allocora.EventStore.EventId;

namespace Allocora.Ledger;

/// <summary>What becomes of a dead letter, and who said so, in one transaction.</summary>
internal sealed class DeadLetterCommands(
    [FromKeyedServices("ledger")] NpgsqlDataSource database, [FromKeyedServices("ledger_worker")] NpgsqlDataSource worker, TimeProvider time)
{
    public const string Replaying = "replaying", Discarded = "discarded";

    /// <summary>The workspace, as the log has it, of what happens outside of any.</summary>
    public const string Platform = "platform";

    /// <summary>Those a workspace may see of itself, or those of nobody, which only the worker's role sees.</summary>
    public DeadLetters Reaching(DeadLettersOf of) => new(of.IsNobodys ? worker : database);

    /// <param name="reason">Null to have it handled once more, otherwise why it will never be.</param>
    /// <returns>What it is now; null when it is not open, or not within reach.</returns>
    public async Task<DeadLetter?> Decide(DeadLettersOf of, long id, string? reason, Origin origin, CancellationToken ct)
    {
        var workspace = of.Workspace ?? Platform;
        await using var connection = await (of.IsNobodys ? worker : database).OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using (var batch = new NpgsqlBatch(connection, transaction) { BatchCommands = { EventFeed.OfWorkspace(workspace) } })
            await batch.ExecuteNonQueryAsync(ct);
        var letter = await DeadLetters.Turn(transaction, of, id, reason is null ? Replaying : Discarded, ct);
        if (letter is null) return null;

        object happened = reason is null
            ? new DeadLetterReplayed(IdOf(id), letter.ReasonCode, letter.Attempts)
            : new DeadLetterDiscarded(IdOf(id), letter.ReasonCode, letter.Attempts, reason);
        // Each failure counts an attempt, so it names this decision and no other about the same letter.
        var name = $"dead-letter {id} {letter.State} {letter.Attempts}";
        var told = LedgerEvents.Catalog.Seal(happened, EventId.Of(workspace, name, 1), time.GetUtcNow(), origin);
        await EventLog.Append(transaction, [new Entry(workspace, $"dead-letter-{IdOf(id)}", name, null, [told])], ct);
        await transaction.CommitAsync(ct);
        return letter;
    }

    public static string IdOf(long id) => string.Create(CultureInfo.InvariantCulture, $"dlt_{id:D12}");

    public static long? NumberOf(string id) =>
        id.StartsWith("dlt_", StringComparison.Ordinal) && long.TryParse(id.AsSpan(4), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && IdOf(number) == id ? number : null;
}
