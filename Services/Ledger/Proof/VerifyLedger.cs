using Allocora.Contracts.Api;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Allocora.Ledger;

/// <summary>Recomputes a workspace's chain and holds it against the heads that were signed and kept outside the database.</summary>
internal sealed partial class VerifyLedger(
    [FromKeyedServices("ledger")] NpgsqlDataSource database, HeadFile outside, HeadKey key, LongReads reads, TimeProvider time, ILogger<VerifyLedger> logger)
{
    private const int LooksMax = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/workspaces/{ws}/ledger/verify", (HttpContext http, VerifyLedger verify, CancellationToken ct) =>
            verify.Handle(http.Workspace(), ct)).RequirePermission("ledger.verify").WithName(nameof(VerifyLedger));

    private async Task<Results<Ok<LedgerVerification>, ProblemHttpResult>> Handle(string workspace, CancellationToken ct)
    {
        using var read = reads.TryBegin(workspace);
        return read is null ? LongReads.Busy() : TypedResults.Ok(await Verify(workspace, ct));
    }

    private async Task<LedgerVerification> Verify(string workspace, CancellationToken ct)
    {
        // In this order: what the database says was signed was outside before, and what is outside was in the log before.
        var known = await CountSigned(workspace, ct);
        var heads = await Outside(workspace, ct);
        var seen = await new Seal(database).Verify(workspace, ct, heads);
        var state = heads switch
        {
            null => "spoilt",
            _ when heads.DistinctBy(h => h.Sequence).LongCount() < known => "missing",
            { Count: > 0 } => "compared",
            _ => seen.Events == 0 ? "none" : "unsigned",
        };
        var isWhole = seen.Ok && state is ("compared" or "none");
        if (!isWhole) NotWhole(workspace, seen.FirstBad, state);
        return new(isWhole, seen.Events, seen.FirstBad, Convert.ToHexStringLower(seen.Chain), state);
    }

    /// <returns>Null when the file cannot be trusted or read; without a file, none.</returns>
    private async Task<IReadOnlyList<SignedHead>?> Outside(string workspace, CancellationToken ct)
    {
        for (var look = 1; ; look++)
        {
            try
            {
                return await outside.Of(workspace, [key], ct);
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                return [];
            }
            catch (IOException) when (look < LooksMax)
            {
                await Task.Delay(Pause, time, ct); // who signs has the file alone for a moment
            }
            catch (Exception e) when (e is InvalidDataException or UnauthorizedAccessException or IOException)
            {
                Unusable(e.Message);
                return null;
            }
        }
    }

    private async Task<long> CountSigned(string workspace, CancellationToken ct)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(EventFeed.OfWorkspace(workspace));
        batch.BatchCommands.Add(new("select count(*) from allocora_signed_head where tenant_id = $1") { Parameters = { new() { Value = workspace } } });
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        await reader.ReadAsync(ct);
        return reader.GetInt64(0);
    }

    [LoggerMessage(LogLevel.Error, "The log of {Workspace} could not be shown to be whole: first bad position {FirstBad}, signed heads {Heads}")]
    private partial void NotWhole(string workspace, long? firstBad, string heads);

    [LoggerMessage(LogLevel.Error, "The file of the signed heads is of no use to who verifies: {Reason}")]
    private partial void Unusable(string reason);
}
