using Npgsql;

namespace Allocora.Messaging;

internal static class Sql
{
    public static async Task<int> Run(this NpgsqlDataSource source, string statement, CancellationToken ct, params object?[] values)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var command = connection.Command(statement, values);
        return await command.ExecuteNonQueryAsync(ct);
    }

    public static NpgsqlCommand Command(this NpgsqlConnection connection, string statement, params object?[] values)
    {
#pragma warning disable CA2100 // constants of this library; what varies is a parameter
        var command = new NpgsqlCommand(statement, connection);
#pragma warning restore CA2100
        foreach (var value in values) command.Parameters.Add(new() { Value = value ?? DBNull.Value });
        return command;
    }
}
