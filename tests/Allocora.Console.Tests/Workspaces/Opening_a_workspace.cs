using Allocora.Testing;

namespace Allocora.Console.Tests.Workspaces;

public sealed class Opening_a_workspace
{
    private const string Workspaces = "/api/v1/workspaces";

    [Fact]
    public async Task Who_opens_it_is_its_first_admin()
    {
        await using var console = await AccessConsole.Start();
        var owner = await console.Owner();

        var id = await console.Open(owner, "acme");

        var me = await console.Ask(owner, HttpMethod.Get, "/api/v1/me");
        var mine = Assert.Single(me.Body.GetProperty("workspaces").EnumerateArray());
        Assert.Equal((id, "acme", "admin"), (mine.GetProperty("id").GetString(), mine.GetProperty("slug").GetString(), mine.GetProperty("role").GetString()));
        Assert.Equal("Europe/Berlin", (await console.Ask(owner, HttpMethod.Get, $"{Workspaces}/acme")).Text("timeZone"));
        Assert.Equal(id, (await console.Ask(owner, HttpMethod.Get, $"{Workspaces}/{id}")).Text("id"));
    }

    [Fact]
    public async Task Only_a_platform_admin_opens_one()
    {
        await using var console = await AccessConsole.Start();
        var body = $$"""{"slug":"acme","name":"Acme",{{AccessConsole.WorkspaceSettings}}}""";

        Assert.Equal(401, (await console.Ask(null, HttpMethod.Post, Workspaces, body)).Status);
        var refused = await console.Ask(await console.Person("somebody"), HttpMethod.Post, Workspaces, body);

        Assert.Equal((403, "insufficient-scope"), (refused.Status, refused.Code));
        Assert.Contains("workspaces.create", refused.Whole, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_key_opens_the_workspace_and_the_next_one()
    {
        await using var console = await AccessConsole.Start();
        var body = $$"""{"slug":"acme","name":"Acme",{{AccessConsole.WorkspaceSettings}},"issueKey":true}""";

        var opened = await console.Ask(await console.Owner(), HttpMethod.Post, Workspaces, body);
        var key = opened.Text("key");

        Assert.Equal(200, (await console.Ask(key, HttpMethod.Get, $"{Workspaces}/acme")).Status);
        Assert.Equal(201, (await console.Ask(key, HttpMethod.Post, Workspaces, body.Replace("acme", "second", StringComparison.Ordinal))).Status);
        Assert.Equal(404, (await console.Ask(key, HttpMethod.Get, $"{Workspaces}/second")).Status);
        Assert.Equal(401, (await console.Ask($"{key[..^1]}{(key[^1] == '0' ? '1' : '0')}", HttpMethod.Get, $"{Workspaces}/acme")).Status);
    }

    [Fact]
    public async Task Of_many_who_want_one_slug_at_once_one_gets_it()
    {
        await using var console = await AccessConsole.Start();
        var owner = await console.Owner();
        var slugs = TestSize.Of(100, atLeast: 5);

        var answers = await Task.WhenAll(
            from slug in Enumerable.Range(0, slugs)
            from _ in Enumerable.Range(0, 10)
            select console.Ask(owner, HttpMethod.Post, Workspaces, $$"""{"slug":"slug-{{slug}}","name":"Acme",{{AccessConsole.WorkspaceSettings}}}"""));

        Assert.Equal(slugs, answers.Count(a => a.Status == 201));
        Assert.Equal(slugs * 9, answers.Count(a => (a.Status, a.Code) == (409, "slug-taken")));
        Assert.Equal((long)slugs, await console.Database.Ask("select count(*) from mt_events where type = 'workspace_opened'"));
        Assert.Equal((long)slugs, await console.Database.Ask("select count(*) from mt_events where type = 'workspace_slug_taken'"));
    }

    [Fact]
    public async Task The_same_command_told_again_opens_nothing_twice()
    {
        await using var console = await AccessConsole.Start();
        var owner = await console.Owner();
        var body = $$"""{"slug":"acme","name":"Acme",{{AccessConsole.WorkspaceSettings}}}""";

        var first = await console.Ask(owner, HttpMethod.Post, Workspaces, body, "one");
        var again = await console.Ask(owner, HttpMethod.Post, Workspaces, body, "one");
        var other = await console.Ask(owner, HttpMethod.Post, Workspaces, body, "two");

        Assert.Equal((201, 201, 409), (first.Status, again.Status, other.Status));
        Assert.Equal(first.Text("workspace", "id"), again.Text("workspace", "id"));
    }

    [Theory]
    [InlineData("""{"slug":"ab","name":"Acme","currency":"EUR","timeZone":"UTC"}""", "#/slug")]
    [InlineData("""{"slug":"-abc","name":"Acme","currency":"EUR","timeZone":"UTC"}""", "#/slug")]
    [InlineData("""{"slug":"Acme","name":"Acme","currency":"EUR","timeZone":"UTC"}""", "#/slug")]
    [InlineData("""{"slug":"sign-in","name":"Acme","currency":"EUR","timeZone":"UTC"}""", "#/slug")]
    [InlineData("""{"slug":"acme","name":" ","currency":"EUR","timeZone":"UTC"}""", "#/name")]
    [InlineData("""{"slug":"acme","name":"Acme","currency":"XXX","timeZone":"UTC"}""", "#/currency")]
    [InlineData("""{"slug":"acme","name":"Acme","currency":"eur","timeZone":"UTC"}""", "#/currency")]
    [InlineData("""{"slug":"acme","name":"Acme","currency":"EUR","timeZone":"Mars/Base"}""", "#/timeZone")]
    [InlineData("""{"slug":"acme","name":"Acme","currency":"EUR","timeZone":"../etc/passwd"}""", "#/timeZone")]
    [InlineData("""{"slug":"acme","name":7,"currency":"EUR","timeZone":"UTC"}""", "#/name")]
    [InlineData("""{"slug":"acme","slug":"acme","name":"Acme","currency":"EUR","timeZone":"UTC"}""", "#/slug")]
    [InlineData("""{"slug":"acme","name":"Acme","currency":"EUR","timeZone":"UTC","owner":"me"}""", "#/owner")]
    public async Task A_body_that_makes_no_sense_is_told_where(string body, string at)
    {
        await using var console = await AccessConsole.Start();

        var refused = await console.Ask(await console.Owner(), HttpMethod.Post, Workspaces, body);

        Assert.Equal(400, refused.Status);
        Assert.Equal([at], refused.Pointers);
    }
}
