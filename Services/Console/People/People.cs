using Allocora.Contracts;
using Npgsql;

namespace Allocora.Console;

internal sealed record Person(string Id, string Issuer, string Subject, string Name, string? Email)
{
    /// <summary>The issuer of those who sign in with a link of this machine.</summary>
    public const string Local = "local";
}

/// <summary>Everybody who has signed in.</summary>
internal sealed class People(NpgsqlDataSource worker, TimeProvider time)
{
    private const string Columns = "id, issuer, subject, name, email";

    /// <summary>The person an issuer speaks of, made known with the first sign-in and brought up to date with each.</summary>
    public async Task<Person> Seen(string issuer, string subject, string name, string? email, CancellationToken ct)
    {
        await using var command = worker.CreateCommand($"""
            insert into person (id, issuer, subject, name, email) values ($1, $2, $3, $4, $5)
            on conflict (issuer, subject) do update set name = excluded.name, email = excluded.email, seen_at = now()
            returning {Columns}
            """);
        foreach (var value in new[] { NewId.For("usr", time.GetUtcNow()), issuer, subject, name }) command.Parameters.Add(new() { Value = value });
        command.Parameters.Add(new() { Value = (object?)email ?? DBNull.Value });
        return (await Read(command, ct))[0];
    }

    public async Task<Person?> Find(string id, CancellationToken ct) => await Named([id], ct) is [var person] ? person : null;

    public async Task<IReadOnlyList<Person>> Named(IReadOnlyCollection<string> ids, CancellationToken ct)
    {
        await using var command = worker.CreateCommand($"select {Columns} from person where id = any ($1)");
        command.Parameters.Add(new() { Value = ids.ToArray() });
        return await Read(command, ct);
    }

    /// <summary>The names of those who are known.</summary>
    public async Task<IReadOnlyDictionary<string, string>> NamesOf(IEnumerable<string> ids, CancellationToken ct)
    {
        var asked = ids.Distinct().ToList();
        return asked.Count == 0 ? new Dictionary<string, string>() : (await Named(asked, ct)).ToDictionary(p => p.Id, p => p.Name);
    }

    private static async Task<List<Person>> Read(NpgsqlCommand command, CancellationToken ct)
    {
        await using var reader = await command.ExecuteReaderAsync(ct);
        var people = new List<Person>();
        while (await reader.ReadAsync(ct))
        {
            var email = await reader.IsDBNullAsync(4, ct) ? null : reader.GetString(4);
            people.Add(new(reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), email));
        }
        return people;
    }
}
