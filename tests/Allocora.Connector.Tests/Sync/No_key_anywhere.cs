using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Allocora.Connector.Tests.Sources;
using Allocora.Contracts.Api;
using Allocora.PaddleSandbox;
using Allocora.Testing;

namespace Allocora.Connector.Tests;

/// <summary>The key with which a history was read, badly and again after a restart, is in nothing that was written down or told.</summary>
public sealed class No_key_anywhere
{
    [Fact]
    public async Task After_syncs_faults_and_a_restart()
    {
        await using var sink = await OtlpSink.Start();
        await using var database = await ConnectorDatabase.Create();
        await using var vhost = await TestVhost.Create();
        await using var paddle = await Sandbox.Start(Options.Parse(["--port", "0", "--transactions", "300", "--no-rate-limit", "--seed", "77"]));
        await using var ledger = await LedgerLog.Create();
        await using var queue = await IngestQueue.Open(vhost, ledger);
        using var control = new HttpClient { BaseAddress = new(paddle.Control) };
        var wish = new ConnectorWish
        {
            Database = database,
            Vhost = vhost,
            Ledger = ledger,
            Settings =
            [
                .. sink.Environment().Select(pair => $"--{pair.Key}={pair.Value}"), "--Logging:LogLevel:Default=Trace",
                $"--Paddle:BaseUrls:sandbox={paddle.Api}",
            ],
        };
        var (seen, run) = (new List<string>(), "");
        await using (var connector = await RunningConnector.Start(wish))
        {
            var source = (await new SourceCalls(connector).Connect(paddle.Key)).Id;
            var api = connector.As("workspace.read", "sync.run");
            foreach (var fault in new JsonObject[]
                     {
                         new() { ["kind"] = "next", ["next"] = $"http://127.0.0.1:1/?key={paddle.Key}" },
                         new() { ["kind"] = "body", ["body"] = $"{{\"error\":\"{paddle.Key}\"}}" },
                         new() { ["kind"] = "body", ["body"] = paddle.Key, ["contentType"] = "text/plain" },
                         new() { ["kind"] = "status", ["status"] = 400, ["code"] = "bad_request", ["detail"] = $"Bearer {paddle.Key}" },
                         new() { ["kind"] = "truncate" },
                     })
            {
                fault["match"] = "GET /transactions";
                (await control.PostAsJsonAsync("/faults", fault)).EnsureSuccessStatusCode();
                seen.Add($"{await Sync(api, source)}");
            }
            seen.Add($"{await Sync(api, source)}");
            seen.AddRange(connector.Logged);
        }
        await using (var connector = await RunningConnector.Start(wish))
        {
            var source = (string)(await database.Ask("select id from source"))!;
            var last = await Sync(connector.As("workspace.read", "sync.run"), source);
            Assert.Equal(("succeeded", true), (last.State, last.Outcomes["duplicate"] > 0));
            run = last.Id;
            seen.Add($"{last}");
            await sink.Span(span => span.Attributes.Any(a => $"{a.Value}".Contains(run, StringComparison.Ordinal)));
            seen.AddRange(connector.Logged);
        }
        seen.AddRange(sink.Spans.Select(span => $"{span} {string.Join(' ', span.Attributes)} {span.StatusMessage}"));
        seen.AddRange(sink.Logs.Select(log => $"{log} {string.Join(' ', log.Attributes)}"));
        seen.AddRange(queue.Messages.Select(m => $"{m.Id} {m.Headers} {Encoding.UTF8.GetString(m.Body)}"));
        seen.Add(await database.Dump());
        Assert.True(queue.Messages.Count > 200 && sink.Spans.Count > 10);
        Assert.Contains(queue.Messages, m => m.Headers.Length > 0);
        Assert.True(seen.Count(text => text.Contains(run, StringComparison.Ordinal)) > 3); // the look is at the right things
        var forms = KeyForms.Of(paddle.Key).ToList();
        Assert.True(forms.Count >= 8);
        foreach (var form in forms) Assert.DoesNotContain(seen, text => text.Contains(form, StringComparison.OrdinalIgnoreCase));
    }

    private static async Task<SyncRunDetails> Sync(HttpClient api, string source)
    {
        var asked = await api.PostAsJsonAsync($"{SyncedSource.Path}/sources/{source}/sync-runs", new { mode = "full" });
        var run = (await asked.Content.ReadFromJsonAsync<SyncRunDetails>())!.Id;
        return (await Eventually.Sees(
            ct => api.GetFromJsonAsync<SyncRunDetails>($"{SyncedSource.Path}/sync-runs/{run}", ct),
            now => now!.State is "succeeded" or "failed" or "cancelled"))!;
    }
}
