using Npgsql;

namespace Allocora.Connector;

/// <summary>
/// Held, until the transaction ends, by whoever judges rows of an account or decides about them. Two that did so at once could both find
/// that the other's row is not there yet, and an adjustment would wait for ever. What is read has to be read after it.
/// </summary>
internal static class AccountLock
{
    public static NpgsqlBatchCommand Of(string workspace, string environment) => new("select pg_advisory_xact_lock(hashtextextended($1, 0))")
    {
        Parameters = { new() { Value = $"{workspace} {environment}" } },
    };

    /// <summary>The same for the accounts that some rows of the register belong to, in one order for all who do this.</summary>
    public static NpgsqlBatchCommand OfSkipped(string workspace, string[] ids) => new("""
        select pg_advisory_xact_lock(hashtextextended($1 || ' ' || e.environment, 0))
        from (select distinct environment from skipped_row where id = any($2) order by environment) as e
        """)
    {
        Parameters = { new() { Value = workspace }, new() { Value = ids } },
    };
}
