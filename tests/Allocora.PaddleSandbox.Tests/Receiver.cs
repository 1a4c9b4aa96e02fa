using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Allocora.PaddleSandbox;

/// <summary>One webhook as it came in.</summary>
internal sealed record Received(string Path, string Signature, string UserAgent, byte[] Body)
{
    public JsonObject Json => JsonNode.Parse(Body)!.AsObject();

    public string Type => (string)Json["event_type"]!;

    public string[] Signatures => [.. Signature.Split(';').Where(part => part.StartsWith("h1=", StringComparison.Ordinal)).Select(part => part[3..])];

    public long Seconds => long.Parse(Signature.Split(';')[0]["ts=".Length..]);

    /// <summary>By the words of the documentation, and with nothing of the sandbox.</summary>
    public bool IsSignedWith(string secret, byte[]? body = null)
    {
        using var mac = new HMACSHA256(Encoding.UTF8.GetBytes(secret));
        mac.TransformBlock(Encoding.ASCII.GetBytes(Signature.Split(';')[0]["ts=".Length..]), 0, Signature.IndexOf(';') - 3, null, 0);
        mac.TransformBlock([(byte)':'], 0, 1, null, 0);
        mac.TransformFinalBlock(body ?? Body, 0, (body ?? Body).Length);
        return Signatures.Any(one => CryptographicOperations.FixedTimeEquals(Convert.FromHexString(one), mac.Hash));
    }
}

/// <summary>Where webhooks are sent to in a test.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly Lock gate = new();
    private readonly List<Received> all = [];

    private Receiver(WebApplication app) => this.app = app;

    public string Url => app.Urls.Single();

    /// <summary>The status for the webhook that is one more than so many.</summary>
    public Func<int, int> Answers { get; set; } = _ => 200;

    public IReadOnlyList<Received> All
    {
        get
        {
            lock (gate) return [.. all];
        }
    }

    public static async Task<Receiver> Open()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(server => server.Listen(IPAddress.Loopback, 0));
        var receiver = new Receiver(builder.Build());
        receiver.app.Run(receiver.Take);
        await receiver.app.StartAsync();
        return receiver;
    }

    /// <summary>Waits until so many came.</summary>
    public Task<IReadOnlyList<Received>> Has(int count) => Testing.Eventually.Sees(() => All, seen => seen.Count >= count);

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task Take(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var request = http.Request;
        lock (gate)
        {
            http.Response.StatusCode = Answers(all.Count);
            all.Add(new(request.Path, request.Headers["Paddle-Signature"]!, request.Headers.UserAgent!, body.ToArray()));
        }
        await http.Response.WriteAsync("thanks");
    }
}
