using System.Net;
using System.Text.RegularExpressions;
using Allocora.ServiceDefaults;

namespace Allocora.Console.Tests.Pages;

public sealed class The_pages_of_a_workspace : IAsyncLifetime
{
    private PagesOfWorkspace acme = null!;

    public async Task InitializeAsync() => acme = await PagesOfWorkspace.Start();

    public async Task DisposeAsync() => await acme.DisposeAsync();

    [Theory]
    [InlineData("mara", "200 200 200 200 403")]
    [InlineData("vera", "200 200 200 403 403")]
    [InlineData("audrey", "200 200 200 403 200")]
    [InlineData("jonas", "200 403 403 403 403")]
    [InlineData("olga", "404 404 404 404 404")]
    public async Task Open_to_whom_the_table_says_and_are_whole_in_every_case(string who, string answers)
    {
        using var visitor = await acme.SignIn(who);
        var statuses = new List<int>();
        foreach (var page in new[] { "", "/members", "/api-keys", "/approvals", "/audit" })
        {
            using var answer = await visitor.Get($"/acme{page}");
            var html = await answer.Content.ReadAsStringAsync();
            statuses.Add((int)answer.StatusCode);
            Structure_of_the_pages.Check(html);
            Assert.DoesNotContain("<b>", html, StringComparison.Ordinal);
            var needed = page switch { "/approvals" => "access.approve", "/audit" => "audit.read", _ => "workspace.read" };
            if (answer.StatusCode == HttpStatusCode.Forbidden) Assert.Contains($"This needs the permission {needed}.", Html.Texts(html, "p"));
            if (answer.StatusCode == HttpStatusCode.NotFound) Assert.DoesNotContain("ws_", html, StringComparison.Ordinal);
        }
        Assert.Equal(answers, string.Join(' ', statuses));
    }

    [Fact]
    public async Task Lead_whoever_is_not_signed_in_through_the_sign_in()
    {
        using var stranger = acme.Console.Visit();
        using var answer = await stranger.Get("/acme/members?done=role");
        Assert.Equal("/sign-in?return=%2Facme%2Fmembers%3Fdone%3Drole", answer.Headers.Location?.ToString());
    }

    [Fact]
    public async Task Say_what_the_role_may_do_in_the_words_of_the_table_and_link_only_what_it_opens()
    {
        using var vera = await acme.SignIn("vera");
        var html = await vera.Page("/acme");

        Assert.Contains("You are viewer in this workspace.", Html.Texts(html, "p"));
        foreach (var (permission, allows) in PermissionTable.Meanings)
            Assert.Equal(PermissionTable.Of(Roles.Viewer).Contains(permission), Html.Texts(html, "li").Contains($"{allows} {permission}"));
        var links = Html.Tags(html, "a").Select(tag => Html.Attribute(tag, "href")!).Where(href => href.StartsWith("/acme", StringComparison.Ordinal));
        Assert.Equal(["/acme", "/acme/api-keys", "/acme/members"], links.Distinct().Order(StringComparer.Ordinal));
        Assert.Contains("/acme", Html.Tags(await vera.Page("/"), "a").Select(tag => Html.Attribute(tag, "href")));
    }

    [Fact]
    public async Task Are_at_the_workspaces_id_as_well()
    {
        using var vera = await acme.SignIn("vera");
        var id = (string)(await acme.Ask("select tenant_id from mt_events where data->>'Slug' = 'acme' and type = 'workspace_opened'"))!;
        using var answer = await vera.Get($"/{id}/members");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public void Take_no_address_from_what_is_served_beside_them()
    {
        var served = acme.Console.Endpoints.Select(e => e.RoutePattern.RawText!.Split('/', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "")
            .Concat(Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "wwwroot")).Select(f => Path.GetFileName(f)!))
            .Where(first => first.Length > 0 && !first.StartsWith('{')).Distinct().ToList();
        Assert.Superset(new HashSet<string> { "status", "account", "sign-in", "sign-out", "invites", "api", "allocora.css" }, served.ToHashSet());
        Assert.All(served, first => Assert.False(WorkspaceName.Is(first), first));
        Assert.All(["healthz", "metrics", "endpoints", "version"], first => Assert.False(WorkspaceName.Is(first), first));
    }

    [Theory]
    [InlineData("/metrics")]
    [InlineData("/healthz")]
    [InlineData("/No-Such")]
    [InlineData("/robots.txt")]
    [InlineData("/acme/nothing")]
    public async Task Are_the_only_addresses_of_their_kind(string path)
    {
        using var stranger = acme.Console.Visit();
        using var answer = await stranger.Get(path);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Show_the_trail_newest_first_page_by_page_and_filtered()
    {
        using var mara = await acme.SignIn("mara");
        for (var i = 0; i < 30; i++)
        {
            using var changed = await mara.Press("/acme/members", $"/acme/members/{acme.Of("vera")}/role", ("role", i % 2 == 0 ? "operator" : "viewer"));
            Assert.Equal(HttpStatusCode.SeeOther, changed.StatusCode);
        }
        using var audrey = await acme.SignIn("audrey");
        const string filtered = "/acme/audit?action=member_role_changed";
        var html = await Testing.Eventually.Sees(_ => audrey.Page(filtered), page => Entries(page).Count == 30);
        Assert.Equal(Entries(html).OrderByDescending(e => e), Entries(html));
        Assert.Contains("mara", Html.Texts(html, "td")[0], StringComparison.OrdinalIgnoreCase);

        var all = await audrey.Page("/acme/audit?from=2020-01-01&actor=&to=");
        var more = Regex.Match(all, @"href=""([^""]*cursor=[^""]*)""").Groups[1].Value;
        if (more.Length > 0) Assert.Empty(Entries(await audrey.Page(WebUtility.HtmlDecode(more))).Intersect(Entries(all)));
        Assert.Empty(Entries(await audrey.Page("/acme/audit?to=2020-01-01")));
        Assert.Contains("No entry matches these filters.", Html.Texts(await audrey.Page("/acme/audit?to=2020-01-01"), "p"));
        Assert.Contains("Give days as 2026-10-31.", Html.Texts(await audrey.Page("/acme/audit?from=yesterday"), "p"));
        Assert.Contains("Give days as 2026-10-31.", Html.Texts(await audrey.Page("/acme/audit?to=9999-12-31"), "p"));
        Assert.Contains(ReadAudit.OtherCursor, Html.Texts(await audrey.Page("/acme/audit?cursor=AAAA"), "p"));

        var export = WebUtility.HtmlDecode(Regex.Match(html, @"href=""(/api/v1/[^""]*/audit/export[^""]*)""").Groups[1].Value);
        using var file = await audrey.Get(export);
        Assert.Equal("application/x-ndjson", file.Content.Headers.ContentType?.MediaType);
        Assert.Equal(31, (await file.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    private static List<long> Entries(string html) =>
        [.. Html.Tags(html, "tr").Select(tag => Html.Attribute(tag, "data-entry")).OfType<string>().Select(id => long.Parse(id.Split(':')[1]))];
}
