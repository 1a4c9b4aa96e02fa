namespace Allocora.Console.Tests.Workspaces;

public sealed class Members_of_a_workspace
{
    [Fact]
    public async Task A_role_works_at_once_and_as_long_as_it_is_held()
    {
        await using var console = await AccessConsole.Start();
        var (ann, ws) = (await console.Owner(), await console.Open(await console.Owner(), "acme"));
        var root = $"/api/v1/workspaces/{ws}";
        var ben = await console.Join(ws, ann, "viewer", "ben");

        Assert.Equal(403, (await console.Ask(ben, HttpMethod.Get, $"{root}/invites")).Status);
        Assert.Equal(200, (await console.Ask(ann, HttpMethod.Put, $"{root}/members/{ben}", """{"role":"admin"}""")).Status);
        Assert.Equal(200, (await console.Ask(ben, HttpMethod.Get, $"{root}/invites")).Status);
        Assert.Equal(200, (await console.Ask(ben, HttpMethod.Put, $"{root}/members/me", """{"role":"viewer"}""")).Status);
        Assert.Equal(403, (await console.Ask(ben, HttpMethod.Get, $"{root}/invites")).Status);
        Assert.Equal(204, (await console.Ask(ann, HttpMethod.Delete, $"{root}/members/{ben}")).Status);
        Assert.Equal(404, (await console.Ask(ben, HttpMethod.Get, root)).Status);
    }

    [Fact]
    public async Task Roles_are_changed_in_a_session_that_was_confirmed_a_short_while_ago()
    {
        await using var console = await AccessConsole.Start();
        var (ann, ws) = (await console.Owner(), await console.Open(await console.Owner(), "acme"));
        var ben = await console.Join(ws, ann, "viewer", "ben");

        var refused = await console.Ask(ann, HttpMethod.Put, $"/api/v1/workspaces/{ws}/members/{ben}", """{"role":"operator"}""", isFresh: false);

        Assert.Equal((403, "step-up-required"), (refused.Status, refused.Code));
    }

    [Fact]
    public async Task How_short_that_while_is_the_settings_say()
    {
        await using var console = await AccessConsole.Start("--Session:FreshFor=00:12:00");
        var (ann, ws) = (await console.Owner(), await console.Open(await console.Owner(), "acme"));
        var ben = await console.Join(ws, ann, "viewer", "ben");

        Assert.Equal(200, (await console.Ask(ann, HttpMethod.Put, $"/api/v1/workspaces/{ws}/members/{ben}", """{"role":"operator"}""", isFresh: false)).Status);
    }

    [Fact]
    public async Task An_invite_lets_one_person_in_once()
    {
        await using var console = await AccessConsole.Start();
        var (ann, ws) = (await console.Owner(), await console.Open(await console.Owner(), "acme"));
        var path = $"/api/v1/workspaces/{ws}/invites";
        var invite = await console.Ask(ann, HttpMethod.Post, path, """{"role":"operator"}""");
        var token = invite.Text("link").Split('/')[^1];
        var people = await Task.WhenAll(Enumerable.Range(0, 10).Select(n => console.Person($"guest-{n}")));

        var answers = await Task.WhenAll(people.Select(p => console.Ask(p, HttpMethod.Post, "/api/v1/invites/accept", $$"""{"token":"{{token}}"}""")));

        Assert.Equal(1, answers.Count(a => a.Status == 200));
        Assert.Equal(9, answers.Count(a => (a.Status, a.Code) == (409, "invite-used")));
        var listed = Assert.Single((await console.Ask(ann, HttpMethod.Get, path)).Data);
        Assert.Equal("used", listed.GetProperty("state").GetString());
        Assert.DoesNotContain(token[31..], (await console.Ask(ann, HttpMethod.Get, path)).Whole, StringComparison.Ordinal);
        Assert.Equal(404, (await console.Ask(people[0], HttpMethod.Post, "/api/v1/invites/accept", """{"token":"nonsense"}""")).Status);
    }

    [Fact]
    public async Task One_admin_stays_however_many_go_at_once()
    {
        await using var console = await AccessConsole.Start();
        var (ann, ws) = (await console.Owner(), await console.Open(await console.Owner(), "acme"));
        List<string> admins = [ann, await console.Join(ws, ann, "admin", "ben")];
        for (var n = 2; n < 5; n++) admins.Add(await console.Join(ws, ann, "admin", $"admin-{n}", approver: admins[1]));

        // Everybody sends everybody out, themselves too.
        var answers = await Task.WhenAll(
            from one in admins
            from person in admins
            select console.Ask(one, HttpMethod.Delete, $"/api/v1/workspaces/{ws}/members/{person}"));

        Assert.All(answers, a => Assert.Contains(a.Status, new[] { 202, 204, 403, 404, 409 }));
        // Whoever came when too many did is still there, and tries again.
        foreach (var one in admins) await console.Ask(one, HttpMethod.Delete, $"/api/v1/workspaces/{ws}/members/{one}");
        Assert.Equal(1L, await console.Database.Ask($"select count(*) from console_access_v1.member where tenant_id = '{ws}' and role = 'admin'"));
    }

    [Fact]
    public async Task An_admin_goes_by_themself_or_when_two_others_say_so()
    {
        await using var console = await AccessConsole.Start();
        var (ann, ws) = (await console.Owner(), await console.Open(await console.Owner(), "acme"));
        var root = $"/api/v1/workspaces/{ws}";
        var ben = await console.Join(ws, ann, "admin", "ben");
        var refused = await console.Ask(ann, HttpMethod.Delete, $"{root}/members/{ben}");
        Assert.Equal((409, "no-third-admin"), (refused.Status, refused.Code));
        Assert.Equal("no-third-admin", (await console.Ask(ann, HttpMethod.Put, $"{root}/members/{ben}", """{"role":"viewer"}""")).Code);
        var cid = await console.Join(ws, ann, "admin", "cid", approver: ben);

        var waiting = await console.Ask(ann, HttpMethod.Delete, $"{root}/members/{ben}");
        Assert.Equal((202, "waiting"), (waiting.Status, waiting.Text("state")));
        Assert.Equal(200, (await console.Ask(ben, HttpMethod.Get, root)).Status);
        var asked = Assert.Single(
            (await console.Ask(cid, HttpMethod.Get, $"{root}/approvals")).Data, a => a.GetProperty("id").GetString() == waiting.Text("approval"));
        Assert.Equal(("removal", ben, "admin", "none"), (Of("kind"), Of("target"), Of("from"), Of("to")));
        Task<Answer> Approve(string who) =>
            console.Ask(who, HttpMethod.Post, $"{root}/approvals/{Of("id")}/approve", $$"""{"contentHash":"{{Of("contentHash")}}"}""");
        Assert.Equal("self-approval-forbidden", (await Approve(ben)).Code);
        Assert.Equal("self-approval-forbidden", (await Approve(ann)).Code);
        Assert.Equal(200, (await Approve(cid)).Status);
        Assert.Equal(404, (await console.Ask(ben, HttpMethod.Get, root)).Status);

        Assert.Equal(204, (await console.Ask(cid, HttpMethod.Delete, $"{root}/members/me")).Status);
        Assert.Equal("last-admin", (await console.Ask(ann, HttpMethod.Delete, $"{root}/members/me")).Code);

        string Of(string name) => asked.GetProperty(name).GetString()!;
    }

    [Fact]
    public async Task Somebody_elses_workspace_is_not_there()
    {
        await using var console = await AccessConsole.Start();
        var owner = await console.Owner();
        var (acme, other) = (await console.Open(owner, "acme"), await console.Open(owner, "other"));
        var ben = await console.Join(acme, owner, "admin", "ben");

        foreach (var path in new[] { "", "/members", "/invites", "/api-keys", "/approvals" })
        {
            foreach (var ws in new[] { other, "other", "ws_00000000000000000000000000", "none" })
            {
                var answer = await console.Ask(ben, HttpMethod.Get, $"/api/v1/workspaces/{ws}{path}");
                Assert.Equal((404, "not-found"), (answer.Status, answer.Code));
            }
        }
        Assert.Equal(404, (await console.Ask(ben, HttpMethod.Delete, $"/api/v1/workspaces/{other}/members/{owner}")).Status);
    }

    [Fact]
    public async Task What_changed_is_in_the_log_before_and_after_and_who_did_it()
    {
        await using var console = await AccessConsole.Start();
        var (ann, ws) = (await console.Owner(), await console.Open(await console.Owner(), "acme"));

        Assert.Equal(200, (await console.Ask(ann, HttpMethod.Patch, $"/api/v1/workspaces/{ws}", """{"name":"Acme Ltd"}""")).Status);

        Assert.Equal("Acme Acme Ltd", await console.Database.Ask($"""
            select concat(data -> 'Before' ->> 'Name', ' ', data -> 'After' ->> 'Name') from mt_events where tenant_id = '{ws}' and type = 'workspace_changed'
            """));
        Assert.Equal($"{ann} session:ses_test", await console.Database.Ask($"""
            select concat(headers ->> 'actor', ' ', headers ->> 'via') from mt_events where tenant_id = '{ws}' and type = 'workspace_changed'
            """));
    }

    [Fact]
    public async Task Lists_come_in_pages()
    {
        await using var console = await AccessConsole.Start();
        var (ann, ws) = (await console.Owner(), await console.Open(await console.Owner(), "acme"));
        await console.Join(ws, ann, "viewer", "ben");
        await console.Join(ws, ann, "viewer", "cid");
        var path = $"/api/v1/workspaces/{ws}/members";

        var first = await console.Ask(ann, HttpMethod.Get, $"{path}?limit=2");
        var second = await console.Ask(ann, HttpMethod.Get, $"{path}?limit=2&cursor={first.Text("page", "nextCursor")}");

        Assert.Equal(["cid", "ben"], first.Data.Select(m => m.GetProperty("name").GetString()));
        Assert.Equal([ann], second.Data.Select(m => m.GetProperty("id").GetString()));
        Assert.False(second.Body.GetProperty("page").GetProperty("hasMore").GetBoolean());
        Assert.Equal(400, (await console.Ask(ann, HttpMethod.Get, $"{path}?limit=201")).Status);
        Assert.Equal(400, (await console.Ask(ann, HttpMethod.Get, $"{path}?cursor=;")).Status);
    }
}
