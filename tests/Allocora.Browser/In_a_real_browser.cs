using System.Text.RegularExpressions;
using Allocora.Console.Tests;
using Allocora.Console.Tests.Pages;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Allocora.Browser;

public sealed class In_a_real_browser : IAsyncLifetime
{
    private PagesOfWorkspace acme = null!;
    private BrowserRun browser = null!;

    public async Task InitializeAsync() => (acme, browser) = (await PagesOfWorkspace.Start(), await BrowserRun.Start());

    public async Task DisposeAsync()
    {
        await browser.DisposeAsync();
        await acme.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_role_an_admin_changes_is_in_effect_with_the_next_page(bool hasScripts)
    {
        var (mara, vera) = (await SignIn("mara", hasScripts), await SignIn("vera", hasScripts));
        await vera.GotoAsync("/acme");
        await Expect(vera.Locator("main")).ToContainTextAsync("You are viewer");
        await BrowserRun.Picture(vera, "workspace-viewer");

        await mara.GotoAsync("/acme/members");
        await BrowserRun.Picture(mara, "members");
        var row = mara.Locator($"[data-member={acme.Of("vera")}]");
        await row.GetByLabel("New role of").SelectOptionAsync("operator");
        await row.GetByRole(AriaRole.Button, new() { Name = "Change role" }).ClickAsync();
        await Expect(mara.GetByRole(AriaRole.Status)).ToHaveTextAsync("The role is changed.");
        await BrowserRun.Picture(mara, "members-changed");
        await vera.ReloadAsync();
        await Expect(vera.Locator("main")).ToContainTextAsync("You are operator");
        await Expect(vera.Locator("main")).ToContainTextAsync("start, cancel and pause sync runs");

        await row.Locator("summary").ClickAsync();
        await row.GetByRole(AriaRole.Button, new() { Name = "Yes, remove" }).ClickAsync();
        await Expect(mara.GetByRole(AriaRole.Status)).ToContainTextAsync("The member is removed");
        await vera.ReloadAsync();
        await Expect(vera.Locator("h1")).ToHaveTextAsync("There is no such page");
        await BrowserRun.Picture(vera, "gone");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_link_signs_in_once_and_then_says_how_to_get_another(bool hasScripts)
    {
        var link = $"/sign-in/link?t={Visitor.Link(subject: "vera", name: "Vera")}";
        var (first, second) = (await Visit(hasScripts), await Visit(hasScripts));
        await UseLink(first, link, hasScripts);
        await Expect(first.Locator("h1")).ToHaveTextAsync("Workspaces");
        await BrowserRun.Picture(first, "home");

        await UseLink(second, link, hasScripts);
        await Expect(second.Locator("h1")).ToHaveTextAsync("You are not signed in");
        await Expect(second.Locator("main")).ToContainTextAsync("./allocora link");
        await BrowserRun.Picture(second, "link-spent");
    }

    [Fact]
    public async Task Who_is_invited_joins()
    {
        var mara = await SignIn("mara");
        await mara.GotoAsync("/acme/members");
        await mara.GetByLabel("Role", new() { Exact = true }).SelectOptionAsync("operator");
        await mara.GetByRole(AriaRole.Button, new() { Name = "Make an invitation link" }).ClickAsync();
        var link = await mara.GetByLabel("Invitation link").InputValueAsync();
        await BrowserRun.Picture(mara, "invitation");

        var nora = await Visit();
        await nora.GotoAsync(link);
        await BrowserRun.Picture(nora, "invited");
        await nora.GetByLabel("Your name").FillAsync("Nora");
        await nora.GetByRole(AriaRole.Button, new() { Name = "Join the workspace" }).ClickAsync();
        await nora.GetByRole(AriaRole.Link, new() { Name = "Acme & Söhne" }).ClickAsync();
        await Expect(nora.Locator("main")).ToContainTextAsync("You are operator");
    }

    [Fact]
    public async Task The_secret_of_a_key_is_shown_once()
    {
        var mara = await SignIn("mara");
        await mara.GotoAsync("/acme/api-keys");
        await BrowserRun.Picture(mara, "api-keys-none");
        await mara.GetByLabel("Name", new() { Exact = true }).FillAsync("Nightly");
        await mara.GetByRole(AriaRole.Button, new() { Name = "Issue the key" }).ClickAsync();
        var secret = await mara.GetByLabel("API key", new() { Exact = true }).InputValueAsync();
        Assert.StartsWith("alk_", secret, StringComparison.Ordinal);
        await BrowserRun.Picture(mara, "api-key-shown");

        await mara.GetByRole(AriaRole.Link, new() { Name = "Go back" }).ClickAsync();
        await Expect(mara.Locator("[data-key]")).ToHaveCountAsync(1);
        Assert.DoesNotContain(secret, await mara.ContentAsync(), StringComparison.Ordinal);
        await mara.Locator("[data-key] summary").First.ClickAsync();
        await BrowserRun.Picture(mara, "api-keys");
    }

    [Fact]
    public async Task Another_admin_approves_and_confirms_first_when_that_was_long_ago()
    {
        var (mara, ada, vera) = (await SignIn("mara"), await SignIn("ada"), await SignIn("vera"));
        await mara.GotoAsync("/acme/members");
        var row = mara.Locator($"[data-member={acme.Of("vera")}]");
        await row.GetByLabel("New role of").SelectOptionAsync("approver");
        await row.GetByRole(AriaRole.Button, new() { Name = "Change role" }).ClickAsync();
        await Expect(mara.GetByRole(AriaRole.Status)).ToContainTextAsync("It waits until another admin");
        await mara.GotoAsync("/acme/approvals");
        await Expect(mara.Locator("main")).ToContainTextAsync("You asked for this");
        await BrowserRun.Picture(mara, "approvals-mine");

        await acme.Tire("ada");
        await ada.GotoAsync("/acme/approvals");
        await BrowserRun.Picture(ada, "approvals");
        await ada.GetByRole(AriaRole.Button, new() { Name = "Approve" }).ClickAsync();
        await ada.GetByRole(AriaRole.Button, new() { Name = "It is me" }).ClickAsync();
        await Expect(ada).ToHaveURLAsync(new Regex("/acme/approvals$"));
        await ada.GetByRole(AriaRole.Button, new() { Name = "Approve" }).ClickAsync();
        await Expect(ada.GetByRole(AriaRole.Status)).ToHaveTextAsync("It is approved, and done.");
        await BrowserRun.Picture(ada, "approvals-done");

        await vera.GotoAsync("/acme");
        await Expect(vera.Locator("main")).ToContainTextAsync("You are approver");
        await vera.GotoAsync("/acme/approvals");
        await Expect(vera.Locator("main")).ToContainTextAsync("This needs the permission access.approve.");
        await BrowserRun.Picture(vera, "forbidden");
    }

    [Fact]
    public async Task An_auditor_reads_and_filters_the_trail()
    {
        var audrey = await SignIn("audrey");
        await audrey.GotoAsync("/acme/audit");
        await audrey.GetByLabel("Action").FillAsync("member_joined");
        await audrey.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();
        await audrey.Locator("summary").First.ClickAsync();
        await BrowserRun.Picture(audrey, "audit");
        Assert.NotEqual(0, await audrey.Locator("[data-entry]").CountAsync());
    }

    private Task<IPage> Visit(bool hasScripts = true) => browser.Visit(hasScripts, acme.Console.Address);

    private async Task<IPage> SignIn(string subject, bool hasScripts = true)
    {
        var page = await Visit(hasScripts);
        await UseLink(page, $"/sign-in/link?t={Visitor.Link(subject: subject, name: $"{char.ToUpperInvariant(subject[0])}{subject[1..]}")}", hasScripts);
        await Expect(page.Locator("h1")).ToHaveTextAsync("Workspaces");
        return page;
    }

    // With scripts the page presses its button by itself.
    private static async Task UseLink(IPage page, string link, bool hasScripts)
    {
        await page.GotoAsync(link);
        if (!hasScripts) await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
    }
}
