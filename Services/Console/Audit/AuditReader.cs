using System.Text.Json;
using Allocora.EventStore;
using Npgsql;

namespace Allocora.Console;

/// <summary>What a reader of the trail wants to see; a filter that is null lets everything through.</summary>
internal sealed record AuditFilter(DateTimeOffset? From, DateTimeOffset? To, string? Actor, string? Action, string? Target);

/// <summary>A row of the trail, as it was stored.</summary>
internal sealed record AuditRow(
    string Log, long Sequence, DateTimeOffset At, string? Actor, string? Via, string Action, string Target, JsonElement Data, string? RequestId, string? Ip)
{
    public AuditPosition Position => new(At, Log, Sequence);
}

/// <summary>Where an entry stands among those of all logs: by time, then by the name of the log, then by its place there.</summary>
internal readonly record struct AuditPosition(DateTimeOffset At, string Log, long Sequence) : IComparable<AuditPosition>
{
    public static readonly AuditPosition Beginning = new(DateTimeOffset.UnixEpoch, "", 0);

    public int CompareTo(AuditPosition other)
    {
        var byTime = At.CompareTo(other.At);
        var byLog = byTime != 0 ? byTime : string.CompareOrdinal(Log, other.Log);
        return byLog != 0 ? byLog : Sequence.CompareTo(other.Sequence);
    }
}

/// <summary>Reads the trail of one workspace, over all logs, as a role that can see no other.</summary>
internal sealed class AuditReader(IReadOnlyList<(string Log, ProjectionReader Reader)> logs)
{
    private const string Columns = "seq, at, actor, via, action, target, data::text, request_id, ip";

    /// <param name="before">Null for the newest.</param>
    public Task<IReadOnlyList<AuditRow>> Newest(string workspace, AuditFilter filter, AuditPosition? before, int limit, CancellationToken ct) =>
        Merge(workspace, filter, before, limit, isNewestFirst: true, ct);

    public Task<IReadOnlyList<AuditRow>> Oldest(string workspace, AuditFilter filter, AuditPosition after, int limit, CancellationToken ct) =>
        Merge(workspace, filter, after, limit, isNewestFirst: false, ct);

    private async Task<IReadOnlyList<AuditRow>> Merge(
        string workspace, AuditFilter filter, AuditPosition? edge, int limit, bool isNewestFirst, CancellationToken ct)
    {
        var rows = new List<AuditRow>();
        foreach (var (log, reader) in logs)
            rows.AddRange(await reader.Read(workspace, (connection, _, token) =>
                Read(connection, log, workspace, filter, edge, limit, isNewestFirst, token), ct));
        return [.. (isNewestFirst ? rows.OrderByDescending(r => r.Position) : rows.OrderBy(r => r.Position)).Take(limit)];
    }

    private static async Task<List<AuditRow>> Read(
        NpgsqlConnection connection, string log, string workspace, AuditFilter filter, AuditPosition? edge, int limit, bool isNewestFirst, CancellationToken ct)
    {
        const string wanted = """
            from entry
            where tenant_id = $1 and ($2::timestamptz is null or at >= $2) and ($3::timestamptz is null or at < $3)
              and ($4::text is null or actor = $4) and ($5::text is null or action = $5) and ($6::text is null or target = $6)
            """;
#pragma warning disable CA2100 // one of two texts of this file
        await using var command = new NpgsqlCommand(isNewestFirst
            ? $"select {Columns} {wanted} and ($7::timestamptz is null or (at, seq) < ($7, $8)) order by at desc, seq desc limit $9"
            : $"select {Columns} {wanted} and ($7::timestamptz is null or (at, seq) > ($7, $8)) order by at, seq limit $9", connection);
#pragma warning restore CA2100
        command.Parameters.Add(new() { Value = workspace });
        command.Parameters.Add(Or(filter.From?.ToUniversalTime()));
        command.Parameters.Add(Or(filter.To?.ToUniversalTime()));
        command.Parameters.Add(Or(filter.Actor));
        command.Parameters.Add(Or(filter.Action));
        command.Parameters.Add(Or(filter.Target));
        command.Parameters.Add(Or(edge?.At));
        command.Parameters.Add(new() { Value = Within(log, edge) });
        command.Parameters.Add(new() { Value = limit });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<AuditRow>();
        while (await reader.ReadAsync(ct))
        {
            rows.Add(new(log, reader.GetInt64(0), reader.GetFieldValue<DateTimeOffset>(1), Text(reader, 2), Text(reader, 3), reader.GetString(4),
                reader.GetString(5), JsonElement.Parse(reader.GetString(6)), Text(reader, 7), Text(reader, 8)));
        }
        return rows;
    }

    // Of entries of the edge's own moment, a log that comes earlier has only some before it, one that comes later only some after it.
    private static long Within(string log, AuditPosition? edge) => edge is not { } at ? 0
        : string.CompareOrdinal(log, at.Log) switch { < 0 => long.MaxValue, 0 => at.Sequence, > 0 => 0 };

    private static NpgsqlParameter Or(object? value) => new() { Value = value ?? DBNull.Value };

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
