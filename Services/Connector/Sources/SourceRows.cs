using Npgsql;
using NpgsqlTypes;

namespace Allocora.Connector;

/// <summary>The table <c>source</c>.</summary>
internal static class SourceRows
{
    public const string Columns = """
        s.tenant_id, s.id, s.name, s.environment, s.account, s.currencies, s.start_date, s.custom_data_keys, s.interval_minutes, s.state, s.stopped_because
          , s.lacks, s.connected_at, s.version
        """;

    public const int Width = 14;

    public static Source Read(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.IsDBNull(4) ? null : row.GetString(4),
        new(row.GetFieldValue<string[]>(5), row.IsDBNull(6) ? null : row.GetFieldValue<DateTimeOffset>(6), row.GetFieldValue<string[]>(7)),
        row.GetInt32(8), row.GetString(9), row.IsDBNull(10) ? null : row.GetString(10), row.GetFieldValue<string[]>(11),
        row.GetFieldValue<DateTimeOffset>(12), row.GetInt64(13));

    /// <summary>A source is first read by the schedule one interval later: whoever wants that sooner starts a sync.</summary>
    public static NpgsqlBatchCommand Insert(Source source)
    {
        const string insert = """
            insert into source (
              tenant_id, id, name, environment, account, currencies, start_date, custom_data_keys, interval_minutes, state, stopped_because, lacks
              , version, connected_at, next_sync_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14 + make_interval(mins => $9))
            """;
        var command = new NpgsqlBatchCommand(insert);
        AddTo(command.Parameters, source);
        command.Parameters.Add(new() { Value = source.ConnectedAt });
        return command;
    }

    public static NpgsqlBatchCommand Update(Source source, DateTimeOffset now)
    {
        const string update = """
            update source set
              name = $3, environment = $4, account = $5, currencies = $6, start_date = $7, custom_data_keys = $8, interval_minutes = $9, state = $10
              , stopped_because = $11, lacks = $12, version = $13
              , next_sync_at = case
                  when $10 <> 'active' then null
                  when state <> 'active' or next_sync_at is null then $14
                  else least(next_sync_at, $14 + make_interval(mins => $9))
                end
            where tenant_id = $1 and id = $2
            """;
        var command = new NpgsqlBatchCommand(update);
        AddTo(command.Parameters, source);
        command.Parameters.Add(new() { Value = now });
        return command;
    }

    private static void AddTo(NpgsqlParameterCollection parameters, Source source)
    {
        parameters.Add(new() { Value = source.Workspace });
        parameters.Add(new() { Value = source.Id });
        parameters.Add(new() { Value = source.Name });
        parameters.Add(new() { Value = source.Environment });
        parameters.Add(Maybe(source.Account));
        parameters.Add(new() { Value = source.Terms.Currencies.ToArray() });
        parameters.Add(Maybe(source.Terms.StartDate));
        parameters.Add(new() { Value = source.Terms.CustomDataKeys.ToArray() });
        parameters.Add(new() { Value = source.IntervalMinutes });
        parameters.Add(new() { Value = source.State });
        parameters.Add(Maybe(source.StoppedBecause));
        parameters.Add(new() { Value = source.Lacks.ToArray() });
        parameters.Add(new() { Value = source.Version });
    }

    public static NpgsqlParameter Maybe(string? text) => new() { Value = (object?)text ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };

    public static NpgsqlParameter Maybe(DateTimeOffset? time) => new() { Value = (object?)time ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz };
}
