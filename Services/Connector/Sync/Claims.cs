using Npgsql;

namespace Allocora.Connector;

/// <summary>The right to work on a source: given for a while, and numbered, so that what is written under an old one is turned away.</summary>
/// <param name="What">The source, or a part of the work on it that goes beside the rest.</param>
internal sealed record Claim(string What, string Holder, long Epoch);

/// <summary>Somebody else has taken the work over. Nothing of the page was written.</summary>
internal sealed class FencedException(string what) : Exception($"The claim on {what} is lost.");

/// <summary>Takes, keeps and gives back claims. Only the database's clock counts.</summary>
internal sealed class Claims(NpgsqlDataSource worker, TimeSpan lease)
{
    /// <returns>Null while somebody else has it.</returns>
    public async Task<Claim?> Take(string what, string holder, CancellationToken ct)
    {
        await using var command = worker.CreateCommand("""
            insert into sync_lease (source_id, holder, epoch, expires_at) values ($1, $2, 1, clock_timestamp() + $3)
            on conflict (source_id) do update set holder = excluded.holder, epoch = sync_lease.epoch + 1, expires_at = clock_timestamp() + $3
            where sync_lease.expires_at < clock_timestamp() returning epoch
            """);
        command.Parameters.Add(new() { Value = what });
        command.Parameters.Add(new() { Value = holder });
        command.Parameters.Add(new() { Value = lease });
        return await command.ExecuteScalarAsync(ct) is long epoch ? new(what, holder, epoch) : null;
    }

    /// <summary>
    /// Holds a run for the transaction that is written under a claim, if the claim is in force: no row means that it is not. Its pages,
    /// outcomes and finds so far.
    /// </summary>
    public static NpgsqlBatchCommand Hold(string workspace, string run, Claim claim) => new("""
        select r.pages, r.outcomes, r.lanes from sync_run as r
        where r.tenant_id = $1 and r.id = $2 and r.state = 'running' and r.epoch = $4 and exists (
          select from sync_lease as l where l.source_id = $3 and l.epoch = $4 and l.holder = $5 and l.expires_at > clock_timestamp() for share)
        for update
        """)
    {
        Parameters =
        {
            new() { Value = workspace }, new() { Value = run }, new() { Value = claim.What }, new() { Value = claim.Epoch }, new() { Value = claim.Holder },
        },
    };

    /// <returns>False when it was lost.</returns>
    public Task<bool> Keep(Claim claim, CancellationToken ct) => Set(claim, lease, ct);

    public Task<bool> GiveBack(Claim claim, CancellationToken ct) => Set(claim, TimeSpan.FromSeconds(-1), ct);

    private async Task<bool> Set(Claim claim, TimeSpan until, CancellationToken ct)
    {
        await using var command = worker.CreateCommand("""
            update sync_lease set expires_at = clock_timestamp() + $4 where source_id = $1 and holder = $2 and epoch = $3 and expires_at > clock_timestamp()
            """);
        command.Parameters.Add(new() { Value = claim.What });
        command.Parameters.Add(new() { Value = claim.Holder });
        command.Parameters.Add(new() { Value = claim.Epoch });
        command.Parameters.Add(new() { Value = until });
        return await command.ExecuteNonQueryAsync(ct) == 1;
    }
}
