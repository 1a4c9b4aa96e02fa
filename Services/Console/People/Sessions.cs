using Allocora.Contracts;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Allocora.Console;

/// <param name="SeenAt">To the minute.</param>
/// <param name="Name">The person's, as of today.</param>
internal sealed record Session(
    string Id, string Person, string Name, DateTimeOffset CreatedAt, DateTimeOffset SeenAt, DateTimeOffset ConfirmedAt, bool IsEnded,
    string? Ip, string? Agent);

/// <summary>Who is signed in where. The cookie only names the row.</summary>
internal sealed class Sessions(NpgsqlDataSource worker, IOptions<SessionOptions> options, TimeProvider time)
{
    private const int AgentLengthMax = 200, ListMax = 100;
    private static readonly TimeSpan SeenEvery = TimeSpan.FromMinutes(1), KeptFor = TimeSpan.FromDays(30);

    private const string Read = """
        select s.id, s.person, p.name, s.created_at, s.seen_at, s.confirmed_at, s.ended_at is not null, s.ip, s.agent
        from session s join person p on p.id = s.person
        """;

    public static bool IsAlive(Session session, SessionOptions options, DateTimeOffset now) =>
        !session.IsEnded && now - session.CreatedAt < options.Lifetime && now - session.SeenAt < options.Idle;

    public async Task<Session> Start(Person person, string? ip, string? agent, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (agent?.Length > AgentLengthMax) agent = agent[..AgentLengthMax];
        var session = new Session(NewId.For("ses", now), person.Id, person.Name, now, now, now, IsEnded: false, ip, agent);
        await using var batch = worker.CreateBatch();
        batch.BatchCommands.Add(new("delete from session where created_at < $1") { Parameters = { new() { Value = now - KeptFor } } });
        batch.BatchCommands.Add(new("insert into session (id, person, created_at, seen_at, confirmed_at, ip, agent) values ($1, $2, $3, $3, $3, $4, $5)")
        {
            Parameters =
            {
                new() { Value = session.Id }, new() { Value = person.Id }, new() { Value = now },
                new() { Value = (object?)ip ?? DBNull.Value }, new() { Value = (object?)agent ?? DBNull.Value },
            },
        });
        await batch.ExecuteNonQueryAsync(ct);
        return session;
    }

    /// <summary>The session, if it may still be used.</summary>
    /// <param name="isInUse">Somebody asked for something; what a page fetches by itself does not keep a session alive.</param>
    public async Task<Session?> Check(string id, bool isInUse, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await using var command = worker.CreateCommand($"{Read} where s.id = $1");
        command.Parameters.Add(new() { Value = id });
        if (await Rows(command, ct) is not [var session] || !IsAlive(session, options.Value, now)) return null;
        if (isInUse && now - session.SeenAt >= SeenEvery)
        {
            await using var seen = worker.CreateCommand("update session set seen_at = greatest(seen_at, $2) where id = $1");
            seen.Parameters.Add(new() { Value = id });
            seen.Parameters.Add(new() { Value = now });
            await seen.ExecuteNonQueryAsync(ct);
        }
        return session;
    }

    /// <summary>Where a person is signed in, the latest first.</summary>
    public async Task<IReadOnlyList<Session>> Of(string person, CancellationToken ct)
    {
        await using var command = worker.CreateCommand(
            $"{Read} where s.person = $1 and s.ended_at is null order by s.created_at desc, s.id desc limit {ListMax}");
        command.Parameters.Add(new() { Value = person });
        var now = time.GetUtcNow();
        return [.. (await Rows(command, ct)).Where(session => IsAlive(session, options.Value, now))];
    }

    /// <summary>Whether it was the person's, and ends now.</summary>
    public async Task<bool> End(string person, string id, CancellationToken ct)
    {
        await using var command = worker.CreateCommand("update session set ended_at = $3 where person = $1 and id = $2 and ended_at is null");
        foreach (var value in new object[] { person, id, time.GetUtcNow() }) command.Parameters.Add(new() { Value = value });
        return await command.ExecuteNonQueryAsync(ct) > 0;
    }

    public async Task EndAll(string person, CancellationToken ct)
    {
        await using var command = worker.CreateCommand("update session set ended_at = $2 where person = $1 and ended_at is null");
        foreach (var value in new object[] { person, time.GetUtcNow() }) command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>When it was confirmed; null when the session has ended meanwhile.</summary>
    public async Task<DateTimeOffset?> Confirm(string person, string id, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await using var command = worker.CreateCommand("update session set confirmed_at = $3 where person = $1 and id = $2 and ended_at is null");
        foreach (var value in new object[] { person, id, now }) command.Parameters.Add(new() { Value = value });
        return await command.ExecuteNonQueryAsync(ct) > 0 ? now : null;
    }

    /// <summary>Whether this is the first use of the link: the table decides, however many try at the same time.</summary>
    public async Task<bool> Spend(LinkToken link, CancellationToken ct)
    {
        await using (var forget = worker.CreateCommand("delete from spent_link where until < $1"))
        {
            // Later than it could matter, for the sake of an instance whose clock is behind.
            forget.Parameters.Add(new() { Value = time.GetUtcNow() - TimeSpan.FromDays(1) });
            await forget.ExecuteNonQueryAsync(ct);
        }
        await using var command = worker.CreateCommand("insert into spent_link (nonce, until) values ($1, $2) on conflict do nothing");
        command.Parameters.Add(new() { Value = link.Nonce });
        command.Parameters.Add(new() { Value = link.Expires });
        return await command.ExecuteNonQueryAsync(ct) == 1;
    }

    private static async Task<List<Session>> Rows(NpgsqlCommand command, CancellationToken ct)
    {
        await using var reader = await command.ExecuteReaderAsync(ct);
        var sessions = new List<Session>();
        while (await reader.ReadAsync(ct))
        {
            sessions.Add(new(
                reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetFieldValue<DateTimeOffset>(3), reader.GetFieldValue<DateTimeOffset>(4),
                reader.GetFieldValue<DateTimeOffset>(5), reader.GetBoolean(6),
                await reader.IsDBNullAsync(7, ct) ? null : reader.GetString(7), await reader.IsDBNullAsync(8, ct) ? null : reader.GetString(8)));
        }
        return sessions;
    }
}
