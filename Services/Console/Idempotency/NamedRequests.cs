using System.Security.Cryptography;
using System.Text.Json;
using Allocora.Contracts;
using Microsoft.AspNetCore.DataProtection;
using Npgsql;

namespace Allocora.Console;

/// <summary>A request by the name its sender gave it. Two senders may use the same name and do not meet.</summary>
/// <param name="Tenant">The workspace's id, or <see cref="Journal.Platform"/>.</param>
internal sealed record RequestName(string Tenant, string Caller, string Key);

/// <summary>An answer as it can be given again.</summary>
internal sealed record StoredAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body);

internal enum ClaimOutcome
{
    /// <summary>It is ours to run.</summary>
    Claimed,
    Running,
    Answered,

    /// <summary>It was answered, and the answer can no longer be opened.</summary>
    AnswerLost,

    /// <summary>The name belongs to another request.</summary>
    Reused,
}

/// <param name="Run">The attempt, when it is ours to run.</param>
internal readonly record struct Claimed(ClaimOutcome Outcome, string? Run = null, StoredAnswer? Answer = null);

/// <summary>The requests that have a name, in the table <c>idempotency</c>.</summary>
internal sealed class NamedRequests(NpgsqlDataSource worker, IDataProtectionProvider protection, IdempotencyOptions options, TimeProvider time)
{
    private const int AttemptsMax = 5, SweepMax = 500;
    private const string Mine = "tenant_id = $1 and caller = $2 and key = $3 and run = $4 and state = 'running'";

    /// <summary>Takes the name for a run, if it is free, or was left by a run that died, or is older than names are kept.</summary>
    public async Task<Claimed> Claim(RequestName name, byte[] fingerprint, CancellationToken ct)
    {
        for (var attempt = 1; attempt <= AttemptsMax; attempt++)
        {
            var (now, run) = (time.GetUtcNow(), NewId.For("idr", time.GetUtcNow()));
            await using var command = worker.CreateCommand("""
                insert into idempotency as i (tenant_id, caller, key, fingerprint, state, run, started_at, lease_until)
                values ($1, $2, $3, $4, 'running', $5, $6, $7)
                on conflict (tenant_id, caller, key) do update
                set fingerprint = excluded.fingerprint, state = 'running', run = excluded.run, started_at = excluded.started_at,
                    lease_until = excluded.lease_until, status = null, headers = null, body = null, done_at = null
                where i.started_at < $8 or (i.state = 'running' and i.lease_until < $6 and i.fingerprint = excluded.fingerprint)
                """);
            Named(command, name);
            foreach (var value in new object[] { fingerprint, run, now, now + options.Lease, now - options.Kept })
                command.Parameters.Add(new() { Value = value });
            if (await command.ExecuteNonQueryAsync(ct) == 1) return new(ClaimOutcome.Claimed, run);
            if (await Known(name, fingerprint, ct) is { } known) return known;
            // Whoever had it has just let it go.
        }
        return new(ClaimOutcome.Running);
    }

    /// <summary>Says that the run goes on.</summary>
    public async Task Renew(RequestName name, string run, CancellationToken ct)
    {
        await using var command = worker.CreateCommand($"update idempotency set lease_until = $5 where {Mine}");
        Named(command, name, run).Parameters.Add(new() { Value = time.GetUtcNow() + options.Lease });
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Keeps the answer, unless the run was given up for dead and the name went to another.</summary>
    public async Task Keep(RequestName name, string run, StoredAnswer answer, CancellationToken ct)
    {
        await using var command = worker.CreateCommand(
            $"update idempotency set state = 'done', status = $5, headers = $6, body = $7, done_at = $8 where {Mine}");
        Named(command, name, run);
        var (headers, body) = (JsonSerializer.Serialize(answer.Headers), ProtectorOf(name).Protect(answer.Body));
        foreach (var value in new object[] { answer.Status, headers, body, time.GetUtcNow() })
            command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>The same request may be sent again and will be done.</summary>
    public async Task Free(RequestName name, string run, CancellationToken ct)
    {
        await using var command = worker.CreateCommand($"delete from idempotency where {Mine}");
        await Named(command, name, run).ExecuteNonQueryAsync(ct);
    }

    /// <summary>Forgets some of those that are older than names are kept; there may be more when it returns true.</summary>
    public async Task<bool> Sweep(CancellationToken ct)
    {
        await using var command = worker.CreateCommand("""
            delete from idempotency as i
            using (select tenant_id, caller, key from idempotency where started_at < $1 order by started_at limit $2 for update skip locked) as old
            where (i.tenant_id, i.caller, i.key) = (old.tenant_id, old.caller, old.key)
            """);
        command.Parameters.Add(new() { Value = time.GetUtcNow() - options.Kept });
        command.Parameters.Add(new() { Value = SweepMax });
        return await command.ExecuteNonQueryAsync(ct) == SweepMax;
    }

    private async Task<Claimed?> Known(RequestName name, byte[] fingerprint, CancellationToken ct)
    {
        await using var command = worker.CreateCommand(
            "select fingerprint, status, headers, body from idempotency where tenant_id = $1 and caller = $2 and key = $3");
        await using var reader = await Named(command, name).ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct)) return null;
        if (!reader.GetFieldValue<byte[]>(0).AsSpan().SequenceEqual(fingerprint)) return new(ClaimOutcome.Reused);
        if (await reader.IsDBNullAsync(1, ct)) return new(ClaimOutcome.Running);
        try
        {
            var headers = JsonSerializer.Deserialize<Dictionary<string, string>>(reader.GetString(2))!;
            return new(ClaimOutcome.Answered, Answer: new(reader.GetInt32(1), headers, ProtectorOf(name).Unprotect(reader.GetFieldValue<byte[]>(3))));
        }
        catch (CryptographicException)
        {
            return new(ClaimOutcome.AnswerLost); // the key it was sealed with is gone
        }
    }

    // What was sealed under one name opens under no other, should a row be copied.
    private IDataProtector ProtectorOf(RequestName name) => protection.CreateProtector("idempotency", name.Tenant, name.Caller, name.Key);

    private static NpgsqlCommand Named(NpgsqlCommand command, RequestName name, string? run = null)
    {
        foreach (var value in new[] { name.Tenant, name.Caller, name.Key }) command.Parameters.Add(new() { Value = value });
        if (run is not null) command.Parameters.Add(new() { Value = run });
        return command;
    }
}
