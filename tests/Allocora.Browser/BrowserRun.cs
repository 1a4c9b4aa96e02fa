using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Allocora.Browser;

/// <summary>Debian's Chromium, which keeps account of all that a page should not have done.</summary>
internal sealed class BrowserRun : IAsyncDisposable
{
    private static readonly string Shots = Environment.GetEnvironmentVariable("ALLOCORA_UI_SHOTS") ?? Directory.CreateTempSubdirectory("allocora-ui-").FullName;
    private readonly IPlaywright playwright;
    private readonly IBrowser browser;
    private readonly ConcurrentQueue<string> wrong = [];

    private BrowserRun(IPlaywright playwright, IBrowser browser) => (this.playwright, this.browser) = (playwright, browser);

    public static async Task<BrowserRun> Start()
    {
        var playwright = await Playwright.CreateAsync();
        return new(playwright, await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = "/usr/bin/chromium",
            // Chromium refuses its sandbox to root, which containers often are.
            Args = Environment.UserName == "root" ? ["--no-sandbox"] : [],
        }));
    }

    /// <param name="origins">Where requests may go.</param>
    public async Task<IPage> Visit(bool hasScripts = true, params string[] origins)
    {
        var context = await browser.NewContextAsync(new() { BaseURL = origins[0], JavaScriptEnabled = hasScripts });
        context.Console += (_, said) =>
        {
            // A policy that was broken is said here too. A form that is refused, or a page one may not see, is no fault of a page.
            var isRefusal = said.Text.StartsWith("Failed to load resource: the server responded with a status of 4", StringComparison.Ordinal);
            if (said.Type == "error" && !isRefusal && IsOurs(said.Page?.Url)) wrong.Enqueue($"console: {said.Text}");
        };
        context.WebError += (_, error) =>
        {
            if (IsOurs(error.Page?.Url)) wrong.Enqueue($"script: {error.Error}");
        };
        await context.RouteAsync("**/*", async route =>
        {
            var (url, from) = (route.Request.Url, route.Request.Headers.GetValueOrDefault("referer"));
            if (origins.Any(o => url.StartsWith($"{o}/", StringComparison.Ordinal)))
            {
                await route.ContinueAsync();
                return;
            }
            // A page of the provider asks for letters elsewhere, which it does not get; ours asks for nothing, and says nowhere where it comes from.
            if (!origins.Skip(1).Any(o => from?.StartsWith(o, StringComparison.Ordinal) == true)) wrong.Enqueue($"request to {url}");
            await route.AbortAsync();
        });
        return await context.NewPageAsync();

        bool IsOurs(string? url) => url?.StartsWith($"{origins[0]}/", StringComparison.Ordinal) != false;
    }

    /// <summary>Takes a picture of the page in light and in dark, for somebody to look at.</summary>
    public static async Task Picture(IPage page, string name)
    {
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await page.EmulateMediaAsync(new() { ColorScheme = scheme });
            await page.ScreenshotAsync(new() { Path = Path.Combine(Shots, $"{name}-{$"{scheme}".ToLowerInvariant()}.png"), FullPage = true });
        }
    }

    public async ValueTask DisposeAsync()
    {
        await browser.DisposeAsync();
        playwright.Dispose();
        Assert.Empty(wrong);
    }
}
