using System.Net;
using Allocora.Contracts.Api;
using Allocora.Testing;

namespace Allocora.Connector.Tests.Sources;

/// <summary>Keys with which everything was done that can be done with a key are found nowhere afterwards, in any form a program writes them in.</summary>
public sealed class Keeping_keys_secret : IAsyncLifetime
{
    private const string WebhookSecret = "pdl_ntfset_01hvgf2spk3bvewnw8t2zrnbmb_Canary+Ab12/Ab12Ab12Ab12Ab12Ab12";
    private readonly List<string> seen = [];
    private OtlpSink sink = null!;
    private RunningConnector connector = null!;
    private SourceCalls calls = null!;

    public async Task InitializeAsync()
    {
        sink = await OtlpSink.Start();
        connector = await RunningConnector.Start(new ConnectorWish
        {
            Settings = [.. sink.Environment().Select(pair => $"--{pair.Key}={pair.Value}"), "--Logging:LogLevel:Default=Trace"],
        });
        calls = new(connector);
    }

    public async Task DisposeAsync()
    {
        await connector.DisposeAsync();
        await sink.DisposeAsync();
    }

    [Fact]
    public async Task They_are_in_no_log_answer_span_or_table()
    {
        var (first, second) = ((await calls.NewKey()).Key, (await calls.NewKey()).Key);
        var (revoked, gone) = await calls.NewKey();
        await calls.Revoke(revoked);
        var (_, narrow) = await calls.NewKey("transaction.read");
        string broken = $"{first[..^1]}-", unread = $"{second}\\u00";

        await Do(HttpMethod.Post, "/verify", new VerifyKeyRequest("paddle", first));
        foreach (var key in new[] { gone, narrow, broken }) await Do(HttpMethod.Post, "", new ConnectSourceRequest("Shop", "paddle", key));
        await Do(HttpMethod.Post, "", new { name = "Shop", provider = "paddle", apiKey = new[] { first } });
        await Do(HttpMethod.Post, "", new { name = "Shop", provider = "paddle", apiKey = unread, unknown = first });
        var source = await calls.Connect(first);
        await Do(HttpMethod.Post, "", new ConnectSourceRequest("Shop", "paddle", first));
        await Do(HttpMethod.Put, $"/{source.Id}/webhook-secrets", new SetWebhookSecretsRequest([WebhookSecret]));
        await Do(HttpMethod.Put, $"/{source.Id}/webhook-secrets", new SetWebhookSecretsRequest([WebhookSecret, WebhookSecret]));
        foreach (var key in new[] { gone, narrow, second }) await Do(HttpMethod.Post, $"/{source.Id}/rotate-key", new RotateSourceKeyRequest(key));
        await calls.Fault(new { match = "*", kind = "drop", times = 0 });
        await Do(HttpMethod.Post, $"/{source.Id}/rotate-key", new RotateSourceKeyRequest(first));
        await Do(HttpMethod.Get, $"/{source.Id}", null);

        await sink.Span(span => span.Name == "paddle.verify" && Equals(span.Attributes.GetValueOrDefault("error.type"), "upstream-unavailable"));
        await sink.Metric(metric => metric.Name == "allocora.credential.failures");
        seen.AddRange(connector.Logged);
        seen.AddRange(sink.Spans.Select(span => $"{span} {string.Join(' ', span.Attributes)} {span.StatusMessage}"));
        seen.AddRange(sink.Logs.Select(log => $"{log} {string.Join(' ', log.Attributes)}"));
        seen.Add(await connector.Database.Dump());
        Assert.Contains(seen, text => text.Contains(source.Id, StringComparison.Ordinal)); // the look is at the right things
        Assert.Equal(2L, await connector.Database.Ask("select count(*) from credential where purpose = 'api-key'"));

        foreach (var secret in new[] { first, second, gone, narrow, broken, WebhookSecret })
            foreach (var form in KeyForms.Of(secret))
                Assert.DoesNotContain(seen, text => text.Contains(form, StringComparison.OrdinalIgnoreCase));
    }

    private async Task Do(HttpMethod method, string rest, object? body)
    {
        var (status, said, answer) = await calls.Send(method, SourceCalls.Url(rest), body);
        Assert.NotEqual(HttpStatusCode.InternalServerError, status);
        seen.Add($"{said} {answer.Headers} {answer.Content.Headers}");
    }
}
