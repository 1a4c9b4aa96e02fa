using Allocora.Console.Components.Parts;
using Allocora.Contracts.Api;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Allocora.Console.Tests;

public sealed class The_status_page
{
    private static readonly DateTimeOffset Now = new(2026, 10, 31, 14, 2, 11, TimeSpan.Zero);
    private static readonly SystemStatus Known = new(Now.AddSeconds(-1),
    [
        new("connector", "ready", Now.AddHours(-2), "1.0.0+abc", [new("connector", true, null), new("rabbitmq", true, null)]),
        new("ledger", "not-ready", Now.AddMinutes(-3), "1.0.0+abc", [new("rabbitmq", false, "Refuses <the> user & password.")]),
        new("calculation", "draining", Now.AddSeconds(-9), "1.0.0+abc", []),
        new("statements", "unreachable", Now.AddDays(-4), null, []),
        new("console", "ready", Now, "1.0.0+def", []),
    ]);

    [Fact]
    public async Task Tells_of_each_service_its_state_since_when_its_version_and_what_it_depends_on()
    {
        var html = await Render(Known, Now);

        Assert.Equal("connector Ready 2026-10-31 12:02:11 2 h ago 1.0.0+abc connector ok rabbitmq ok", RowText(html, "connector"));
        Assert.Equal("ledger Not ready 2026-10-31 13:59:11 3 min ago 1.0.0+abc rabbitmq Refuses <the> user & password.", RowText(html, "ledger"));
        Assert.Equal("calculation Draining 2026-10-31 14:02:02 9 s ago 1.0.0+abc It is stopping and takes no new work.", RowText(html, "calculation"));
        Assert.Equal("statements Unreachable 2026-10-27 14:02:11 4 days ago Not known yet. Not known while it does not answer.", RowText(html, "statements"));
        Assert.Equal("console Ready 2026-10-31 14:02:11 just now 1.0.0+def Nothing but itself.", RowText(html, "console"));
    }

    [Fact]
    public async Task Draws_each_state_in_a_shape_of_its_own_beside_the_word()
    {
        var html = await Render(Known, Now);

        var shapes = Known.Services.Take(4).Select(s => string.Concat(Html.Tags(Html.Row(html, s.Name), "(?:circle|path|rect)")));
        Assert.Equal(4, shapes.Distinct().Count());
    }

    [Fact]
    public async Task Sums_up_and_says_as_of_when()
    {
        var html = await Render(Known, Now);

        Assert.Equal(["3 of 5 services are not ready.", "As of 2026-10-31 14:02:10 UTC"], Html.Texts(html, "p"));
        Assert.Contains("""<time datetime="2026-10-31T14:02:10Z">2026-10-31 14:02:10</time>""", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Says_that_it_waits_while_nobody_has_answered_yet()
    {
        var html = await Render(null, Now);

        Assert.Equal("Waiting for the first answer.", Html.Texts(html, "p")[0]);
        Assert.Empty(Html.Tags(html, "table"));
    }

    [Fact]
    public async Task Says_that_it_is_out_of_date_when_nobody_has_been_asked_for_long()
    {
        var html = await Render(Known, Now.AddSeconds(29));

        Assert.Equal("When last asked, 3 of 5 services were not ready.", Html.Texts(html, "p")[0]);
        Assert.StartsWith("The last check was 30 s ago.", Html.Texts(html, "p")[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_its_columns_and_rows_for_those_who_hear_it()
    {
        var html = await Render(Known, Now);

        Assert.Equal(["Services of this system"], Html.Texts(html, "caption"));
        Assert.Equal(["col", "col", "col", "col", "col", "row", "row", "row", "row", "row"],
            Html.Tags(html, "th").Select(tag => Html.Attribute(tag, "scope")));
        Assert.All(Html.Tags(html, "svg"), tag => Assert.Equal("true", Html.Attribute(tag, "aria-hidden")));
        // In one column the headings are out of sight, so each cell carries its own.
        var labels = Html.Tags(Html.Row(html, "ledger"), "td").Select(tag => Html.Attribute(tag, "data-label"));
        Assert.Equal(["State", "Since (UTC)", "Version", "Depends on"], labels);
    }

    // A row is read cell by cell, so what ends one cell never runs into the next.
    private static string RowText(string html, string service) => Html.Text(Html.Row(html, service).Replace("</li>", " ", StringComparison.Ordinal));

    private static async Task<string> Render(SystemStatus? status, DateTimeOffset now)
    {
        await using var services = new ServiceCollection().BuildServiceProvider();
        await using var renderer = new HtmlRenderer(services, NullLoggerFactory.Instance);
        var parameters = ParameterView.FromDictionary(new Dictionary<string, object?>
        {
            [nameof(StatusView.Status)] = status,
            [nameof(StatusView.Now)] = now,
            [nameof(StatusView.StaleAfter)] = TimeSpan.FromSeconds(6),
        });
        return await renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<StatusView>(parameters)).ToHtmlString());
    }
}
