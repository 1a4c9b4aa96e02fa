using Microsoft.Extensions.Options;
using Npgsql;

namespace Allocora.Connector;

/// <summary>How many calls may be made now.</summary>
/// <param name="AgainIn">When to ask for the rest.</param>
internal sealed record Permits(int Granted, TimeSpan AgainIn);

/// <summary>The calls that all programs behind one address share, as the database counts them.</summary>
internal sealed class CallBudget(NpgsqlDataSource worker, IOptions<PaddleOptions> options)
{
    public async Task<Permits> Take(int wanted, CancellationToken ct)
    {
        await using var command = worker.CreateCommand("select granted, again_in from rate_take($1, $2, $3, $4)");
        command.Parameters.Add(new() { Value = options.Value.Egress });
        command.Parameters.Add(new() { Value = wanted });
        command.Parameters.Add(new() { Value = options.Value.CallsPerMinute });
        command.Parameters.Add(new() { Value = options.Value.Burst });
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return new(reader.GetInt32(0), reader.GetTimeSpan(1));
    }

    /// <summary>Paddle said to wait: nobody gets any before that, unless somebody was told to wait longer.</summary>
    public async Task Blocked(TimeSpan howLong, CancellationToken ct)
    {
        await using var command = worker.CreateCommand("select rate_block($1, $2, $3, $4)");
        command.Parameters.Add(new() { Value = options.Value.Egress });
        command.Parameters.Add(new() { Value = howLong });
        command.Parameters.Add(new() { Value = options.Value.CallsPerMinute });
        command.Parameters.Add(new() { Value = options.Value.Burst });
        await command.ExecuteNonQueryAsync(ct);
    }
}
