using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Allocora.EventStore;

public sealed class HeadOptions
{
    /// <summary>The private key's file; made when it is not there.</summary>
    [Required] public string KeyFile { get; init; } = "";

    /// <summary>Where the signed heads are kept outside the database.</summary>
    [Required] public string File { get; init; } = "";

    /// <summary>A workspace whose log grew by so many events gets a new signed head at the next look.</summary>
    [Range(1, 1_000_000)] public int Events { get; init; } = 1000;

    /// <summary>One whose log grew at all gets one when the last is this old.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")] public TimeSpan Age { get; init; } = TimeSpan.FromSeconds(60);

    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")] public TimeSpan Look { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>Signs where each workspace's chain stands, again and again.</summary>
public sealed partial class HeadSigner(
    NpgsqlDataSource worker, string service, HeadKey key, HeadFile outside, HeadOptions options, TimeProvider time, ILogger<HeadSigner> logger)
    : BackgroundService
{
    private const int PageSize = 500;

    private const string Due = """
        select h.tenant_id, h.seq_id, h.events, h.chain
        from allocora_head as h
        left join lateral (
          select s.events, s.at from allocora_signed_head as s where s.tenant_id = h.tenant_id order by s.seq_id desc limit 1
        ) as s on true
        where s.events is null or h.events > s.events and (h.events - s.events >= $1 or s.at <= $2)
        order by h.tenant_id
        limit $3
        """;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var isCompared = false;
        string? trouble = null;
        using var timer = new PeriodicTimer(options.Look, time);
        do
        {
            try
            {
                // Inside, as another may hold the file at any moment, this one too.
                if (!isCompared) await Compare(stoppingToken);
                isCompared = true;
                while (await Run(stoppingToken) == PageSize)
                {
                    // there are more
                }
                trouble = null;
            }
            catch (Exception e) when (e is NpgsqlException or IOException or UnauthorizedAccessException)
            {
                if (e.Message != trouble) NotSigned(e.Message, options.Look); // the heads stay due
                trouble = e.Message;
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>Signs what is due now, and says how many heads that were.</summary>
    public async Task<int> Run(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var heads = new List<SignedHead>();
        await using (var due = worker.CreateCommand(Due))
        {
            due.Parameters.Add(new() { Value = (long)options.Events });
            due.Parameters.Add(new() { Value = now - options.Age });
            due.Parameters.Add(new() { Value = PageSize });
            await using var reader = await due.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                var chain = Convert.ToHexStringLower(reader.GetFieldValue<byte[]>(3));
                heads.Add(key.Sign(new(service, reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2), chain, now, "", "")));
            }
        }
        if (heads.Count == 0) return 0;
        // Outside first: what the database says was signed is then always there. Signed twice does no harm.
        await outside.Add(heads, ct);
        await Keep(heads, ct);
        return heads.Count;
    }

    private async Task Compare(CancellationToken ct)
    {
        try
        {
            if (await outside.LastKey(ct) is { } before && before != key.Id) AnotherKey(before, key.Id);
        }
        catch (InvalidDataException e)
        {
            // What is signed from now on is good all the same; without it the log would have no witness at all.
            Spoilt(e.Message);
        }
    }

    private async Task Keep(List<SignedHead> heads, CancellationToken ct)
    {
        const string insert = """
            insert into allocora_signed_head (tenant_id, seq_id, events, chain, at, key_id, signature)
            select h.tenant_id, h.seq_id, h.events, h.chain, $6, $7, h.signature
            from unnest($1, $2, $3, $4, $5) as h(tenant_id, seq_id, events, chain, signature)
            on conflict do nothing
            """;
        await using var command = worker.CreateCommand(insert);
        command.Parameters.Add(new() { Value = heads.Select(h => h.Workspace).ToArray() });
        command.Parameters.Add(new() { Value = heads.Select(h => h.Sequence).ToArray() });
        command.Parameters.Add(new() { Value = heads.Select(h => h.Events).ToArray() });
        command.Parameters.Add(new() { Value = heads.Select(h => Convert.FromHexString(h.Chain)).ToArray() });
        command.Parameters.Add(new() { Value = heads.Select(h => Convert.FromBase64String(h.Signature)).ToArray() });
        command.Parameters.Add(new() { Value = heads[0].At });
        command.Parameters.Add(new() { Value = key.Id });
        await command.ExecuteNonQueryAsync(ct);
    }

    [LoggerMessage(LogLevel.Warning, "The heads were signed with key {Before} and are from now on with {Now}; who verifies needs both")]
    private partial void AnotherKey(string before, string now);

    [LoggerMessage(LogLevel.Error, "Somebody wrote into the file of the signed heads, and who verifies will be refused: {Reason}")]
    private partial void Spoilt(string reason);

    [LoggerMessage(LogLevel.Warning, "The heads of the log are not signed and will be in {Look}: {Reason}")]
    private partial void NotSigned(string reason, TimeSpan look);
}

public static class HeadSigning
{
    /// <summary>Signs the heads of the service's log, as the <see cref="HeadOptions"/> say that the service has registered.</summary>
    public static IHostApplicationBuilder AddSignedHeads(this IHostApplicationBuilder builder, ServiceSchema schema)
    {
        builder.Services.AddSingleton(provider => HeadKey.Open(provider.GetRequiredService<IOptions<HeadOptions>>().Value.KeyFile));
        builder.Services.AddSingleton(provider => new HeadFile(provider.GetRequiredService<IOptions<HeadOptions>>().Value.File, schema.Service));
        builder.Services.AddHostedService(provider => new HeadSigner(
            provider.GetRequiredKeyedService<NpgsqlDataSource>($"{schema.Service}_worker"), schema.Service,
            provider.GetRequiredService<HeadKey>(), provider.GetRequiredService<HeadFile>(),
            provider.GetRequiredService<IOptions<HeadOptions>>().Value, provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<HeadSigner>>()));
        return builder;
    }
}
