using System.Text.RegularExpressions;

namespace Allocora.Console.Tests;

public sealed class Structure_of_the_pages
{
    [Theory]
    [InlineData("/status", "System status · Allocora")]
    [InlineData("/sign-in", "Sign in · Allocora")]
    [InlineData("/sign-in/refused?reason=state", "You are not signed in · Allocora")]
    [InlineData("/nowhere/at/all", "There is no such page · Allocora")]
    public async Task Is_that_of_a_page_which_can_be_read_in_every_way(string path, string title)
    {
        await using var console = await RunningConsole.Start();
        await console.Until(_ => true);
        var html = await console.Page(path);

        Check(html);
        Assert.Equal([title], Html.Texts(html, "title"));
    }

    [Fact]
    public async Task Lets_the_status_be_reloaded_without_a_script_and_paused_with_one()
    {
        await using var console = await RunningConsole.Start();
        var html = await console.Page("/status");

        var pause = Html.Tags(html, "button").Single(tag => Html.Attribute(tag, "id") == "pause");
        Assert.Matches(@"\shidden", pause);
        Assert.Equal("false", Html.Attribute(pause, "aria-pressed"));
        Assert.Contains("""<a id="reload" href="/status">Reload</a>""", html, StringComparison.Ordinal);
        Assert.Single(Regex.Matches(html, "aria-live=\"polite\""));
        Assert.Contains("not a replacement for monitoring", Html.Texts(html, "p")[^1], StringComparison.Ordinal);
        Assert.Equal(["page"], Html.Tags(html, "a").Select(tag => Html.Attribute(tag, "aria-current")).Where(current => current is not null));
    }

    internal static void Check(string html)
    {
        Assert.StartsWith("<!DOCTYPE html>", html, StringComparison.Ordinal);
        Assert.Equal("en", Html.Attribute(Assert.Single(Html.Tags(html, "html")), "lang"));
        foreach (var once in new[] { "title", "h1", "main", "header", "footer", "nav" }) Assert.Single(Html.Tags(html, once));

        var skip = Html.Tags(html, "a")[0];
        Assert.Equal($"#{Html.Attribute(Assert.Single(Html.Tags(html, "main")), "id")}", Html.Attribute(skip, "href"));
        Assert.All(Html.Tags(html, "img"), tag => Assert.Matches(@"\salt\b", tag));
        var ids = Regex.Matches(html, @"\sid=""([^""]+)""").Select(m => m.Groups[1].Value).ToList();
        Assert.Equal(ids.Distinct(), ids);

        // The policy would leave these without effect, and nothing may come from anywhere else.
        Assert.DoesNotMatch(@"\sstyle=|<style|\son[a-z]+=|javascript:", html);
        Assert.All(Html.Tags(html, "script"), tag => Assert.Matches(@"\ssrc=""/", tag));
        Assert.DoesNotMatch(@"(?:src|href)=""(?:https?:)?//", html);
        Assert.DoesNotContain("<!--", html, StringComparison.Ordinal);
    }
}
