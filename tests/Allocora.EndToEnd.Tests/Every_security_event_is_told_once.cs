using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Allocora.Testing;
using Npgsql;

namespace Allocora.EndToEnd.Tests;

/// <summary>What the trail of the running system says after one event of each kind, and what neither it nor anything else may hold.</summary>
[Collection(nameof(SharedSystem))]
public sealed class Every_security_event_is_told_once(SharedSystem system)
{
    private const string Loopback = "127.0.0.1";

    [Fact]
    public async Task With_who_what_when_and_from_where()
    {
        var started = DateTimeOffset.UtcNow.AddSeconds(-1);
        var auditor = new Reader(path => Send(system.Tokens["auditor"], HttpMethod.Get, path), SharedSystem.In(system.Demo) + "/audit", started);
        var platform = new Reader(path => system.Owner.Send(HttpMethod.Get, path), "/api/v1/audit", started);
        var demo = SharedSystem.In(system.Demo);

        await platform.Has("access_refused", null, await Request(Send(SharedSystem.Forge(system.Tokens["viewer"]), HttpMethod.Get, demo),
            HttpStatusCode.Unauthorized));
        var viewer = await Me(system.Tokens["viewer"]);
        await auditor.Has("access_refused", viewer, await Request(Send(system.Tokens["viewer"], HttpMethod.Get, $"{demo}/audit"), HttpStatusCode.Forbidden));

        var (id, key) = await system.IssueKey(system.Owner, system.Demo, "admin", ["workspace.read"]);
        await auditor.Has("api_key_used", system.Owner.Id, await Request(Send(key, HttpMethod.Get, demo), HttpStatusCode.OK), $"key:{id}");

        await auditor.Has("downloaded", await Me(system.Tokens["auditor"]),
            await Request(Send(system.Tokens["auditor"], HttpMethod.Get, $"{demo}/audit/export"), HttpStatusCode.OK));

        var member = await system.Invite(system.Owner, system.Demo, "viewer", "Rolf Rollen");
        await auditor.Has("member_role_changed", system.Owner.Id, await Request(
            system.Owner.Send(HttpMethod.Put, $"{demo}/members/{member.Id}", new { role = "operator" }), HttpStatusCode.OK));
        await SignInAndOut(platform, auditor);
    }

    [Fact]
    public async Task Also_what_one_asked_for_and_another_approved()
    {
        var other = SharedSystem.In(system.Other);
        var trail = new Reader(path => system.StrangeAuditor.Send(HttpMethod.Get, path), $"{other}/audit", DateTimeOffset.UtcNow.AddSeconds(-1));

        using var asked = await system.Stranger.Send(HttpMethod.Post, $"{other}/invites", new { role = "approver" });
        var approval = JsonDocument.Parse(await asked.Content.ReadAsStringAsync()).RootElement.GetProperty("approval").GetString();
        await trail.Has("access_requested", system.Stranger.Id, IdOf(asked));
        var waits = (await system.SecondStranger.Ask(HttpMethod.Get, $"{other}/approvals")).GetProperty("data").EnumerateArray()
            .Single(a => a.GetProperty("id").GetString() == approval);
        await trail.Has("access_approved", system.SecondStranger.Id, await Request(system.SecondStranger.Send(
            HttpMethod.Post, $"{other}/approvals/{approval}/approve", new { contentHash = waits.GetProperty("contentHash").GetString() }), HttpStatusCode.OK));
    }

    [Fact]
    public async Task And_no_secret_is_kept_where_it_could_be_read()
    {
        await system.SignIn();
        await system.Invite(system.Owner, system.Demo, "viewer", "Inge Invite");
        (await Send(system.Tokens["viewer"], HttpMethod.Get, "/api/v1/me")).Dispose();
        var haystacks = new List<(string Name, string Text)>();
        foreach (var file in Directory.GetFiles(Path.Combine(system.Data, "logs")).Concat(Directory.GetFiles(Path.Combine(system.Data, "heads"))))
            haystacks.Add((file, await File.ReadAllTextAsync(file, Encoding.Latin1)));
        foreach (var database in SharedSystem.AllServices) haystacks.Add(($"dump of {database}", await Dump(database)));
        var trail = await Trail();
        haystacks.Add(("the trail", trail));
        Assert.Contains(haystacks, h => h.Name == "dump of console" && h.Text.Contains("Inge Invite", StringComparison.Ordinal));
        Assert.Contains("member_invited", trail, StringComparison.Ordinal);

        var found = from secret in system.Secrets
                    from form in FormsOf(secret.Secret)
                    from hay in haystacks
                    where hay.Text.Contains(form.Text, StringComparison.OrdinalIgnoreCase)
                    select $"{secret.What} stands {form.How} in {hay.Name}";
        Assert.Empty(found.Distinct());
    }

    private async Task SignInAndOut(Reader platform, Reader auditor)
    {
        var guest = system.NewGuest();
        var link = await system.Link();
        using var entered = await guest.SignIn(link);
        foreach (var trail in new[] { platform, auditor }) await trail.Has("signed_in", guest.Id, IdOf(entered));
        using var left = await guest.SignOut();
        foreach (var trail in new[] { platform, auditor }) await trail.Has("signed_out", guest.Id, IdOf(left));
        using var again = await system.NewGuest().Try(link);
        await platform.Has("sign_in_refused", null, IdOf(again));
    }

    private async Task<string> Trail()
    {
        var all = new StringBuilder();
        all.Append(await Body(Send(system.Tokens["auditor"], HttpMethod.Get, $"{SharedSystem.In(system.Demo)}/audit/export")));
        all.Append(await Body(system.StrangeAuditor.Send(HttpMethod.Get, $"{SharedSystem.In(system.Other)}/audit/export")));
        all.Append(await Body(system.Owner.Send(HttpMethod.Get, "/api/v1/audit?limit=200")));
        return $"{all}";
    }

    private static async Task<string> Body(Task<HttpResponseMessage> asking)
    {
        using var answer = await asking;
        return await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
    }

    // As it is, and as an encoding of whatever it stands in would show it.
    private static IEnumerable<(string How, string Text)> FormsOf(string secret)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);
        yield return ("in the clear", secret);
        yield return ("in hexadecimal", Convert.ToHexStringLower(bytes));
        for (var shift = 0; shift < 3; shift++)
        {
            // The letters at both ends depend on what is beside it.
            var encoded = Convert.ToBase64String([.. new byte[shift], .. bytes]).TrimEnd('=');
            yield return ("in Base64", encoded[(shift == 0 ? 0 : 4)..^4]);
        }
        // The part of a key that nobody but its owner knows.
        if (!secret.StartsWith("alk_", StringComparison.Ordinal)) yield break;
        foreach (var part in FormsOf(secret[31..^9])) yield return part;
    }

    private async Task<string> Dump(string database)
    {
        var address = new NpgsqlConnectionStringBuilder(system.Superuser(database));
        var program = Directory.GetDirectories("/usr/lib/postgresql").Select(d => Path.Combine(d, "bin/pg_dump")).Where(File.Exists).Order().Last();
        var start = new ProcessStartInfo(program, ["-h", address.Host!, "-p", $"{address.Port}", "-U", address.Username!, database])
        {
            RedirectStandardOutput = true,
            Environment = { ["PGPASSWORD"] = address.Password },
        };
        using var dump = Process.Start(start)!;
        var text = await dump.StandardOutput.ReadToEndAsync();
        await dump.WaitForExitAsync();
        Assert.Equal(0, dump.ExitCode);
        return text;
    }

    private async Task<string> Me(string token) =>
        JsonDocument.Parse(await Body(Send(token, HttpMethod.Get, "/api/v1/me"))).RootElement.GetProperty("id").GetString()!;

    private async Task<HttpResponseMessage> Send(string token, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, system.Console + path);
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        return await system.Http.SendAsync(request);
    }

    private static async Task<string> Request(Task<HttpResponseMessage> asking, HttpStatusCode expected)
    {
        using var answer = await asking;
        Assert.Equal(expected, answer.StatusCode);
        await answer.Content.ReadAsStringAsync();
        return IdOf(answer);
    }

    private static string IdOf(HttpResponseMessage answer) => Assert.Single(answer.Headers.GetValues("Request-Id"));

    private sealed class Reader(Func<string, Task<HttpResponseMessage>> get, string path, DateTimeOffset since)
    {
        public async Task Has(string action, string? who, string request, string? via = null)
        {
            var found = await Eventually.Sees(
                async _ => JsonDocument.Parse(await Body(get($"{path}?action={action}&limit=200"))).RootElement.GetProperty("data").EnumerateArray()
                    .Where(e => e.GetProperty("requestId").GetString() == request).ToList(),
                entries => entries.Count > 0);
            var entry = Assert.Single(found);
            Assert.Equal(who, entry.GetProperty("who") is { ValueKind: JsonValueKind.Object } somebody ? somebody.GetProperty("id").GetString() : null);
            Assert.Equal(Loopback, entry.GetProperty("ip").GetString());
            Assert.InRange(entry.GetProperty("at").GetDateTimeOffset(), since, DateTimeOffset.UtcNow.AddSeconds(1));
            Assert.NotEqual("", entry.GetProperty("sentence").GetString());
            if (who is not null) Assert.Matches("^(session:ses|key:key)_[0-9a-z]{26}$", entry.GetProperty("via").GetString());
            if (via is not null) Assert.Equal(via, entry.GetProperty("via").GetString());
        }
    }
}
