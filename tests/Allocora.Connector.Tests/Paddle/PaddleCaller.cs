using Allocora.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Allocora.Connector.Tests;

/// <summary>A Connector, as far as it calls Paddle.</summary>
internal sealed class PaddleCaller : IDisposable
{
    public const string Key = "pdl_sdbx_apikey_01gtgztp8f4kek3yd4g1wrksa3_q6TGTJyvoIz7LDtXT65bX7_AQO";

    private readonly string key;

    public PaddleCaller(ConnectorDatabase database, PaddleOptions options, string? key = null, TimeProvider? time = null)
    {
        this.key = key ?? Key;
        Budget = new CallBudget(database.Worker, Options.Create(options));
        Gate = new CallGate(Budget, Options.Create(options), time ?? TimeProvider.System);
        Client = new PaddleClient(Gate, Budget, Options.Create(options), time ?? TimeProvider.System, NullLogger<PaddleClient>.Instance);
    }

    public CallBudget Budget { get; }

    public CallGate Gate { get; }

    public PaddleClient Client { get; }

    /// <summary>Options for a server that plays Paddle, whose calls nobody else counts.</summary>
    public static PaddleOptions To(string url, int perMinute = 0, int atOnce = 8, TimeSpan? patience = null, int answerMax = 16 << 20) => new()
    {
        BaseUrls = { ["sandbox"] = url },
        CallsPerMinute = perMinute,
        CallsAtOnce = atOnce,
        Egress = $"{Guid.NewGuid():N}",
        AttemptTimeout = patience ?? Eventually.Deadline,
        AnswerMax = answerMax,
    };

    public async Task<PaddleAnswer> Get(string path, string workspace = "ws_a", Urgency urgency = Urgency.Incremental, CancellationToken ct = default)
    {
        using var secret = Secret.Of(key);
        return await Client.Get(new(workspace, "sandbox", secret), urgency, path, ct);
    }

    public void Dispose() => Client.Dispose();
}
