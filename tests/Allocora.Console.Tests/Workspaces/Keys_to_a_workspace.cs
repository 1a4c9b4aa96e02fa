using Allocora.Testing;

namespace Allocora.Console.Tests.Workspaces;

public sealed class Keys_to_a_workspace
{
    private static string Body(string role, string? owner = null, string more = "")
    {
        if (owner is not null) more += $",\"owner\":\"{owner}\"";
        return $$"""{"name":"Robot","role":"{{role}}","expiresAt":"{{DateTimeOffset.UtcNow.AddDays(30):O}}"{{more}}}""";
    }

    [Fact]
    public async Task A_key_is_shown_once_and_never_again()
    {
        await using var console = await AccessConsole.Start();
        var (ann, ws) = (await console.Owner(), await console.Open(await console.Owner(), "acme"));
        var path = $"/api/v1/workspaces/{ws}/api-keys";

        var body = Body("viewer");
        var issued = await console.Ask(ann, HttpMethod.Post, path, body, "one");
        // Who did not hear the answer hears it again, as long as it is kept; the key is made once all the same.
        Assert.Equal(issued.Whole, (await console.Ask(ann, HttpMethod.Post, path, body, "one")).Whole);
        await console.Database.Ask("delete from idempotency");
        var again = await console.Ask(ann, HttpMethod.Post, path, body, "one");
        var key = issued.Text("key");
        var secret = key.Split('_')[2];

        Assert.Equal((201, "active"), (issued.Status, issued.Text("state")));
        Assert.Equal((409, "already-done"), (again.Status, again.Code));
        Assert.Equal(200, (await console.Ask(key, HttpMethod.Get, $"/api/v1/workspaces/{ws}")).Status);
        var listed = await Eventually.Sees(
            ct => console.Ask(ann, HttpMethod.Get, path, ct: ct), a => a.Data[0].GetProperty("lastUsedAt").ValueKind != System.Text.Json.JsonValueKind.Null);
        Assert.Single(listed.Data);
        Assert.StartsWith(listed.Data[0].GetProperty("masked").GetString()!.TrimEnd('…'), key, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, listed.Whole, StringComparison.Ordinal);
        Assert.Equal(409, (await console.Ask(ann, HttpMethod.Post, $"{path}/{issued.Text("id")}/collect")).Status);
        Assert.Equal(0L, await console.Database.Ask($"select count(*) from mt_events where data::text like '%{secret}%'"));
    }

    [Fact]
    public async Task Its_owner_collects_it_and_nobody_else()
    {
        await using var console = await AccessConsole.Start();
        var (ann, ws) = (await console.Owner(), await console.Open(await console.Owner(), "acme"));
        var ben = await console.Join(ws, ann, "operator", "ben");
        var path = $"/api/v1/workspaces/{ws}/api-keys";

        var issued = await console.Ask(ann, HttpMethod.Post, path, Body("operator", ben));

        Assert.Equal("uncollected", issued.Text("state"));
        Assert.Null(issued.Body.GetProperty("key").GetString());
        Assert.Equal(404, (await console.Ask(ann, HttpMethod.Post, $"{path}/{issued.Text("id")}/collect")).Status);
        var collected = await console.Ask(ben, HttpMethod.Post, $"{path}/{issued.Text("id")}/collect");
        var me = await console.Ask(collected.Text("key"), HttpMethod.Get, "/api/v1/me");
        Assert.Equal((ben, $"key:{issued.Text("id")}"), (me.Text("id"), me.Text("via")));
    }

    [Fact]
    public async Task After_a_rotation_both_secrets_are_good_for_a_while()
    {
        var time = new LaterTime();
        await using var console = await AccessConsole.Start(time);
        var (ann, ws) = (await console.Owner(), await console.Open(await console.Owner(), "acme"));
        var (path, me) = ($"/api/v1/workspaces/{ws}/api-keys", "/api/v1/me");
        var issued = await console.Ask(ann, HttpMethod.Post, path, Body("viewer"));
        var old = issued.Text("key");

        var rotated = (await console.Ask(old, HttpMethod.Post, $"{path}/{issued.Text("id")}/rotate", """{"overlapMinutes":60}""")).Text("key");

        Assert.Equal((200, 200), ((await console.Ask(old, HttpMethod.Get, me)).Status, (await console.Ask(rotated, HttpMethod.Get, me)).Status));
        time.Advance(TimeSpan.FromMinutes(61));
        Assert.Equal((401, 200), ((await console.Ask(old, HttpMethod.Get, me)).Status, (await console.Ask(rotated, HttpMethod.Get, me)).Status));
        time.Advance(TimeSpan.FromDays(30));
        Assert.Equal(401, (await console.Ask(rotated, HttpMethod.Get, me)).Status);
    }

    [Fact]
    public async Task A_key_does_what_it_and_its_owner_both_may()
    {
        await using var console = await AccessConsole.Start();
        var (ann, ws) = (await console.Owner(), await console.Open(await console.Owner(), "acme"));
        var root = $"/api/v1/workspaces/{ws}";
        var ben = await console.Join(ws, ann, "admin", "ben");
        var narrow = (await console.Ask(ben, HttpMethod.Post, $"{root}/api-keys", Body("viewer", null, ",\"permissions\":[\"workspace.read\"]"))).Text("key");

        var refused = await console.Ask(narrow, HttpMethod.Get, $"{root}/invites");
        Assert.Equal((200, 403), ((await console.Ask(narrow, HttpMethod.Get, root)).Status, refused.Status));
        Assert.Contains("members.write", refused.Whole, StringComparison.Ordinal);
        Assert.Equal(403, (await console.Ask(narrow, HttpMethod.Post, "/api/v1/workspaces", "{}")).Status);
        Assert.Equal(204, (await console.Ask(ben, HttpMethod.Delete, $"{root}/members/me")).Status);
        Assert.Equal(401, (await console.Ask(narrow, HttpMethod.Get, root)).Status);
    }

    [Fact]
    public async Task A_key_neither_takes_its_owner_out_nor_makes_them_less()
    {
        await using var console = await AccessConsole.Start();
        var (ann, ws) = (await console.Owner(), await console.Open(await console.Owner(), "acme"));
        var root = $"/api/v1/workspaces/{ws}";
        await console.Join(ws, ann, "admin", "ben");
        var key = (await console.Ask(ann, HttpMethod.Post, $"{root}/api-keys", Body("viewer"))).Text("key");

        foreach (var method in new[] { HttpMethod.Delete, HttpMethod.Put })
        {
            var refused = await console.Ask(key, method, $"{root}/members/me", """{"role":"viewer"}""");
            Assert.Equal((403, "insufficient-scope"), (refused.Status, refused.Code));
        }
        Assert.Equal(200, (await console.Ask(ann, HttpMethod.Get, $"{root}/invites")).Status);
    }

    [Fact]
    public async Task Its_use_is_told_once_and_to_the_workspace_it_is_a_key_to()
    {
        await using var console = await AccessConsole.Start();
        var (ann, ws) = (await console.Owner(), await console.Open(await console.Owner(), "acme"));
        var other = await console.Open(ann, "other");
        var key = (await console.Ask(ann, HttpMethod.Post, $"/api/v1/workspaces/{ws}/api-keys", Body("viewer"))).Text("key");

        foreach (var path in new[] { "/api/v1/me", $"/api/v1/workspaces/{other}", $"/api/v1/workspaces/{ws}", "/api/v1/me" })
            await console.Ask(key, HttpMethod.Get, path);

        // The refusal in the other workspace went into the same queue after the first use.
        await Eventually.Sees(_ => console.Database.Ask("select count(*) from mt_events where type = 'access_refused'"), count => count is 1L);
        Assert.Equal($"{ws} 1", await console.Database.Ask("""
            select string_agg(distinct tenant_id, ',') || ' ' || count(*) from mt_events where type = 'api_key_used'
            """));
    }

    [Fact]
    public async Task Whatever_is_wrong_with_a_key_the_answer_is_the_same()
    {
        await using var console = await AccessConsole.Start();
        var (ann, ws) = (await console.Owner(), await console.Open(await console.Owner(), "acme"));
        var path = $"/api/v1/workspaces/{ws}/api-keys";
        var issued = await console.Ask(ann, HttpMethod.Post, path, Body("viewer"));
        var key = issued.Text("key");
        var (id, secret) = ApiKeyText.Read(key)!.Value;
        Assert.Equal(204, (await console.Ask(ann, HttpMethod.Delete, $"{path}/{id}")).Status);

        string[] bad =
        [
            key, key[..^1], $"{key}0", "alk_", "x", $"{key[..^8]}00000000", ApiKeyText.Of(id, ApiKeyText.NewSecret()),
            ApiKeyText.Of($"key_{new string('0', 26)}", secret), key.ToUpperInvariant(),
        ];
        foreach (var text in bad)
        {
            var answer = await console.Ask(text, HttpMethod.Get, "/api/v1/me");
            Assert.Equal((401, "unauthenticated"), (answer.Status, answer.Code));
        }
    }

    [Theory]
    [InlineData("/acme/members/me/leave")]
    [InlineData("/acme/members/invites")]
    [InlineData("/account/sessions/ses_1/end")]
    [InlineData("/sign-out/everywhere")]
    public async Task A_key_acts_for_its_owner_in_the_API_and_in_no_form(string form)
    {
        await using var console = await AccessConsole.Start();
        var opened = await console.Ask(await console.Owner(), HttpMethod.Post, "/api/v1/workspaces",
            $$"""{"slug":"acme","name":"Acme","issueKey":true,{{AccessConsole.WorkspaceSettings}}}""");
        var key = opened.Text("key");

        var answer = await console.Ask(key, HttpMethod.Post, form);

        Assert.Equal((400, "antiforgery"), (answer.Status, answer.Text("code")));
        Assert.Equal(200, (await console.Ask(key, HttpMethod.Get, "/api/v1/workspaces/acme/members")).Status);
    }

    [Fact]
    public async Task A_header_that_opens_nothing_is_not_helped_by_a_session()
    {
        await using var console = await AccessConsole.Start();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/me");
        request.Headers.Add(ToldSession.Header, $"{await console.Owner()} fresh");
        request.Headers.Add("Authorization", "Bearer alk_nothing");

        using var response = await console.Http.SendAsync(request);

        Assert.Equal(401, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("""{"name":"Robot","role":"king","expiresAt":"2026-01-01T00:00:00Z"}""", "#/role", "#/expiresAt")]
    [InlineData("""{"name":"","role":"viewer","expiresAt":"2999-01-01T00:00:00Z"}""", "#/name", "#/expiresAt")]
    [InlineData("""{"name":"Robot","role":"viewer","expiresAt":"2001-01-01T00:00:00Z","permissions":["sync.run"]}""", "#/permissions/0", "#/expiresAt")]
    [InlineData("""{"name":"Robot","role":"viewer","expiresAt":"soon"}""", "#/expiresAt")]
    public async Task A_body_that_makes_no_sense_is_told_where(string body, params string[] at)
    {
        await using var console = await AccessConsole.Start();
        var (ann, ws) = (await console.Owner(), await console.Open(await console.Owner(), "acme"));

        var refused = await console.Ask(ann, HttpMethod.Post, $"/api/v1/workspaces/{ws}/api-keys", body);

        Assert.Equal(400, refused.Status);
        Assert.Equal(at, refused.Pointers);
    }

    [Fact]
    public void A_key_says_what_it_is_and_shows_a_slip_of_the_pen()
    {
        var id = "key_01arz3ndektsv4rrffq69g5fav";
        var text = ApiKeyText.Of(id, ApiKeyText.NewSecret());

        Assert.Matches("^alk_[0-9a-z]{26}_[a-z2-7]{52}_[0-9a-f]{8}$", text);
        Assert.Equal(id, ApiKeyText.Read(text)!.Value.Key);
        for (var i = 0; i < text.Length; i++) Assert.Null(ApiKeyText.Read($"{text[..i]}{(text[i] == 'a' ? 'b' : 'a')}{text[(i + 1)..]}"));
    }
}
