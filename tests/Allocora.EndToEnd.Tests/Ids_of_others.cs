using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Allocora.Testing;

namespace Allocora.EndToEnd.Tests;

/// <summary>With every credential of one workspace, ids of another in every place of a request that takes an id.</summary>
[Collection(nameof(SharedSystem))]
public sealed partial class Ids_of_others(SharedSystem system)
{
    private const int Requests = 50_000, AtATime = 8, Seed = 20_261;
    private static readonly string[] Lists = ["", "/members", "/invites", "/api-keys", "/approvals", "/audit?limit=200"];

    // What a session or a key sends by itself names nobody; what is in its place here is an id of the other workspace.
    private static readonly string[] Templates =
    [
        "GET {ws}", "PATCH {ws} {\"currency\":\"{x}\"}", "GET {ws}/members?cursor={x}", "PUT {ws}/members/{x} {\"role\":\"viewer\"}", "DELETE {ws}/members/{x}",
        "POST {ws}/invites {\"role\":\"{x}\"}", "GET {ws}/invites?cursor={x}", "DELETE {ws}/invites/{x}", "POST /api/v1/invites/accept {\"token\":\"{x}_{x}\"}",
        "GET {ws}/api-keys?cursor={x}", "DELETE {ws}/api-keys/{x}", "POST {ws}/api-keys/{x}/collect {}", "POST {ws}/api-keys/{x}/rotate {\"overlapMinutes\":5}",
        "POST {ws}/api-keys {\"name\":\"k\",\"role\":\"viewer\",\"expiresAt\":\"{soon}\",\"owner\":\"{x}\"}", "GET {ws}/approvals?cursor={x}",
        "POST {ws}/approvals/{x}/approve {\"contentHash\":\"{hash}\"}", "POST {ws}/approvals/{x}/reject {\"reason\":\"{x}\"}",
        "POST {ws}/approvals/{x}/withdraw",
        "GET {ws}/audit?actor={x}", "GET {ws}/audit?target=person-{x}", "GET {ws}/audit?target={x}&actor={x}", "GET {ws}/audit?cursor={x}",
        "GET {ws}/audit/export?actor={x}",
        "POST {ws}/audit/verify", "GET {ws}/ledger/head?tenant_id={x}", "GET {ws}/ledger/{x}", "GET {ws}/sources/{x}",
        "POST {ws}/sources/{x}/sync {\"source\":\"{x}\"}",
        "GET {ws}/payees/{x}/destination", "GET {ws}/statements/{x}", "GET /api/v1/me?id={x}&ws={x}", "GET /api/v1/workspaces?ws={x}",
        "POST /api/v1/webhooks/paddle/{x} {}",
    ];

    [Fact]
    public async Task Show_nothing_and_change_nothing()
    {
        await Fill();
        var (before, ours) = (await State(), await All(system.Owner, system.Demo));
        var ids = Ids().Matches(before).Select(m => m.Value).Except(Ids().Matches(ours).Select(m => m.Value))
            .Where(id => id[..4] is not "ses_").Distinct().ToList();
        Assert.Equal(["apr", "inv", "key", "usr", "ws_"], ids.Select(id => id[..3]).Distinct().Order());
        var hash = Hash().Match(before).Groups[1].Value;
        var (random, tries) = (new Random(Seed), new List<(int Number, string Template, string Credential, string Path, string Body)>());
        var credentials = system.Tokens.Values.Append("").ToList();
        for (var i = 0; i < TestSize.Of(Requests); i++) tries.Add(Make(i, random, ids, credentials, hash));

        var wrong = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(tries, new ParallelOptions { MaxDegreeOfParallelism = AtATime }, async (one, ct) =>
        {
            using var request = Request(one.Template, one.Credential, one.Path, one.Body);
            using var response = await system.Http.SendAsync(request, ct);
            var answer = $"{response.Headers}{response.Content.Headers}{await response.Content.ReadAsStringAsync(ct)}";
            var isTheirs = one.Path.StartsWith(SharedSystem.In(system.Other), StringComparison.Ordinal)
                || one.Path.StartsWith(SharedSystem.In(SharedSystem.OtherSlug), StringComparison.Ordinal);
            var sent = $"{one.Path} {one.Body}";
            // What the caller wrote itself tells nobody anything, but where it asks in another workspace that is not even repeated.
            var told = ids.Find(id => answer.Contains(id, StringComparison.Ordinal)
                && ((isTheirs && id == system.Other) || !sent.Contains(id, StringComparison.Ordinal)));
            var isServed = response.IsSuccessStatusCode && isTheirs;
            if (told is null && !isServed && (int)response.StatusCode < 500) return;
            wrong.Enqueue($"{one.Number}: {one.Template} as {one.Path} {one.Body}: {(int)response.StatusCode} {told} {answer}");
        });

        Assert.True(wrong.IsEmpty, $"seed {Seed}, {wrong.Count} of {tries.Count}:\n{string.Join("\n", wrong.Take(10))}");
        Assert.Equal(before, await State());
    }

    // Somebody, an invite and a request that wait, and a key of each kind.
    private async Task Fill()
    {
        await system.Invite(system.Stranger, system.Other, "operator", "Otto Fremd");
        await system.Stranger.Ask(HttpMethod.Post, $"{SharedSystem.In(system.Other)}/invites", new { role = "viewer" });
        await system.Stranger.Ask(HttpMethod.Post, $"{SharedSystem.In(system.Other)}/invites", new { role = "admin" });
        await system.IssueKey(system.Stranger, system.Other, "viewer");
    }

    /// <summary>Everything of the other workspace, as its own people see it, without what their looking leaves behind.</summary>
    private async Task<string> State() => await All(system.Stranger, system.Other) + await All(system.StrangeAuditor, system.Other);

    private static async Task<string> All(Guest who, string workspace)
    {
        var all = new StringBuilder();
        foreach (var list in Lists)
        {
            using var response = await who.Send(HttpMethod.Get, SharedSystem.In(workspace) + list);
            var text = await response.Content.ReadAsStringAsync();
            if (response.StatusCode == HttpStatusCode.Forbidden) continue;
            Assert.True(response.IsSuccessStatusCode, $"{list}: {(int)response.StatusCode} {text}");
            // That somebody of theirs was refused, while this was being read.
            all.AppendJoin('\n', Entries(JsonDocument.Parse(text).RootElement).Where(e => !e.Contains("\"access_refused\"",
                StringComparison.Ordinal))).Append('\n');
        }
        return $"{all}";
    }

    private static IEnumerable<string> Entries(JsonElement answer) =>
        answer.TryGetProperty("data", out var data) ? data.EnumerateArray().Select(e => e.GetRawText()) : [answer.GetRawText()];

    private (int Number, string Template, string Credential, string Path, string Body) Make(
        int number, Random random, List<string> ids, List<string> credentials, string hash)
    {
        var template = Templates[random.Next(Templates.Length)];
        var parts = template.Split(' ', 3);
        var isOurs = random.Next(3) > 0;
        var workspace = isOurs ? system.Demo : random.Next(2) == 0 ? system.Other : SharedSystem.OtherSlug;
        string Fill(string text) => Placeholder().Replace(text.Replace("{ws}", SharedSystem.In(workspace), StringComparison.Ordinal),
            found => found.Value switch
        {
            "{x}" => ids[random.Next(ids.Count)],
            "{hash}" => hash,
            _ => DateTimeOffset.UtcNow.AddDays(1).ToString("O"),
        });
        return (number, template, credentials[random.Next(credentials.Count)], Fill(parts[1]), parts.Length > 2 ? Fill(parts[2]) : "");
    }

    private HttpRequestMessage Request(string template, string credential, string path, string body)
    {
        var request = new HttpRequestMessage(new(template.Split(' ')[0]), system.Console + path);
        if (credential.Length > 0) request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {credential}");
        else request.Headers.Add("Cookie", system.Owner.Cookies);
        if (credential.Length == 0) request.Headers.Add("X-CSRF-Token", system.Owner.FormToken);
        if (body.Length > 0) request.Content = JsonContent.Create(JsonDocument.Parse(body).RootElement);
        return request;
    }

    [GeneratedRegex("(ws|usr|key|inv|apr|ses)_[0-9a-z]{26}")]
    private static partial Regex Ids();

    [GeneratedRegex("\"contentHash\":\"([^\"]+)\"")]
    private static partial Regex Hash();

    [GeneratedRegex(@"\{(x|hash|soon)\}")]
    private static partial Regex Placeholder();
}
