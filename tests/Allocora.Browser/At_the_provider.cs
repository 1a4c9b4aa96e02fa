using Allocora.Console;
using Allocora.Console.Tests;
using Allocora.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Allocora.Browser;

/// <summary>OpenID Connect from the first page to the last, against a certified provider.</summary>
public sealed class At_the_provider : IAsyncLifetime
{
    private readonly string authority = $"http://127.0.0.1:{ProviderOfTests.FreePort()}";
    private ConsoleDatabase database = null!;
    private RunningConsole console = null!;
    private ChildProgram provider = null!;
    private BrowserRun browser = null!;

    public async Task InitializeAsync()
    {
        database = await ConsoleDatabase.Create();
        console = await RunningConsole.Start(
            null,
            [.. database.Settings, "--Identity:Mode=oidc", $"--Oidc:Authority={authority}", "--Oidc:ClientId=allocora",
                "--Oidc:ClientSecret=a secret of the tests"]);
        provider = await ProviderOfTests.Start(new Uri(authority).Port, $"{console.Address}{SignInWithProvider.Callback}");
        browser = await BrowserRun.Start();
    }

    public async Task DisposeAsync()
    {
        await browser.DisposeAsync();
        await provider.DisposeAsync();
        await console.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task A_person_signs_in_out_and_out_everywhere()
    {
        var (first, second) = (await Visit(), await Visit());
        await SignIn(first);
        await first.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(first.GetByRole(AriaRole.Status)).ToHaveTextAsync("You are signed out.");
        await BrowserRun.Picture(first, "signed-out");

        await SignIn(first);
        await SignIn(second);
        await second.GotoAsync("/account");
        await BrowserRun.Picture(second, "account");
        await second.GetByRole(AriaRole.Button, new() { Name = "Sign out everywhere" }).ClickAsync();
        await first.ReloadAsync();
        await Expect(first.Locator("h1")).ToHaveTextAsync("Sign in");
    }

    private Task<IPage> Visit() => browser.Visit(hasScripts: true, console.Address, authority);

    private async Task SignIn(IPage page)
    {
        await page.GotoAsync("/");
        await Expect(page.Locator("h1")).ToHaveTextAsync("Sign in");
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in with your organisation" }).ClickAsync();
        // Who has been there in this browser is not asked again.
        for (var forms = 0; forms < 4 && page.Url.StartsWith(authority, StringComparison.Ordinal); forms++)
        {
            if (await page.Locator("[name=login]").CountAsync() > 0)
            {
                await page.Locator("[name=login]").FillAsync("mara");
                await page.Locator("[name=password]").FillAsync("any");
            }
            await page.Locator("[type=submit]").ClickAsync();
        }
        await Expect(page.Locator("h1")).ToHaveTextAsync("Workspaces");
        await Expect(page.Locator(".who")).ToContainTextAsync("mara of the provider");
    }
}
