using System.Net;
using Allocora.Testing;

namespace Allocora.Console.Tests;

public sealed class Signing_in_with_a_link : IAsyncLifetime
{
    private static readonly byte[] Key = Convert.FromBase64String(Visitor.LinkKey);
    private ConsoleDatabase database = null!;
    private RunningConsole console = null!;

    public async Task InitializeAsync()
    {
        database = await ConsoleDatabase.Create();
        console = await RunningConsole.Start(null, database.Settings);
    }

    public async Task DisposeAsync()
    {
        await console.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task The_link_shows_a_page_whose_button_signs_in_and_the_log_says_who_and_how()
    {
        using var mara = console.Visit();
        var link = Visitor.Link();
        var page = await mara.Page($"/sign-in/link?t={link}");
        Assert.Equal(["Sign in"], Html.Texts(page, "button"));
        Structure_of_the_pages.Check(page);
        Assert.False(await mara.IsSignedIn());

        using var answer = await mara.UseLink(link);

        Assert.Equal((HttpStatusCode.Found, "/"), (answer.StatusCode, answer.Headers.Location?.ToString()));
        var home = await mara.Page("/");
        Assert.Equal(["Workspaces"], Html.Texts(home, "h1"));
        Assert.Contains("Mara", Html.Texts(home, "a"));
        Structure_of_the_pages.Check(home);
        var person = (string)(await database.Ask("select id from person where issuer = 'local' and subject = 'owner'"))!;
        Assert.Equal(
            $"{person} link {person} session 127.0.0.1",
            await database.Ask($"""
                select concat_ws(' ', data->>'Person', data->>'How', headers->>'actor', split_part(headers->>'via', ':', 1), headers->>'ip')
                from mt_events where type = 'signed_in' and tenant_id = 'platform' and stream_id = 'person-{person}'
                """));
    }

    [Fact]
    public async Task A_link_signs_in_once_however_many_try_at_the_same_time()
    {
        for (var round = 0; round < TestSize.Of(200, atLeast: 10); round++)
        {
            using var crowd = console.Visit();
            var (link, token) = (Visitor.Link(), await crowd.TokenOf("/sign-in/link?t=x"));
            // Each with the cookie of the form and none of a session.
            var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ =>
            {
                using var answer = await crowd.Post("/sign-in/link", token, ("t", link));
                return answer.Headers.Location?.ToString();
            }));

            // Those who come after the first may be refused for the form, which was not theirs any more.
            Assert.Equal(1, answers.Count(a => a == "/"));
            Assert.Equal(round + 1L, await database.Ask("select count(*) from mt_events where type = 'signed_in'"));
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(11 * 60)]
    public async Task A_link_that_is_too_old_or_good_for_too_long_is_refused_on_a_page_that_says_how_to_get_another(int seconds)
    {
        using var mara = console.Visit();
        var link = LinkToken.New(TimeProvider.System.GetUtcNow().AddSeconds(seconds), "Mara").Make(Key);

        using var answer = await mara.UseLink(link);

        Assert.Equal("/sign-in/refused?reason=link-expired", answer.Headers.Location?.ToString());
        var (_, page) = await mara.Follow(answer);
        Assert.Contains("./allocora link", Html.Texts(page, "code"));
        Structure_of_the_pages.Check(page);
        Assert.False(await mara.IsSignedIn());
        Assert.Equal("link link-expired", await database.Ask(
            "select concat(data->>'How', ' ', data->>'Reason') from mt_events where stream_id = 'sign-ins' order by seq_id desc limit 1"));
    }

    [Fact]
    public async Task A_link_that_was_used_is_refused()
    {
        var link = Visitor.Link();
        using var first = console.Visit();
        using var second = console.Visit();
        using var used = await first.UseLink(link);

        using var answer = await second.UseLink(link);

        Assert.Equal("/sign-in/refused?reason=link-spent", answer.Headers.Location?.ToString());
        Assert.False(await second.IsSignedIn());
    }

    [Theory]
    [InlineData("//evil.example")]
    [InlineData("https://evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("/%09/evil.example")]
    public async Task No_page_and_no_form_leads_where_the_address_says(string evil)
    {
        using var mara = console.Visit();
        var anonymous = await mara.Page($"/sign-in?return={evil}");
        await mara.SignIn();
        var pages = anonymous + await mara.Page($"/sign-in?return={evil}") + await mara.Page($"/sign-in/confirm?return={evil}");
        using var confirmed = await mara.Post($"/sign-in/confirm?return={evil}", await mara.TokenOf("/account"));

        Assert.DoesNotContain("evil", pages, StringComparison.Ordinal);
        Assert.Equal("/", confirmed.Headers.Location?.ToString());
    }

    [Fact]
    public async Task Who_asks_for_a_page_is_led_to_sign_in_and_a_program_is_told_401()
    {
        using var mara = console.Visit();
        using var page = await mara.Get("/account?tab=1");
        using var start = await mara.Get("/");
        using var form = await mara.Post("/sign-out", token: null);
        using var api = await mara.Get("/api/v1/csrf");

        Assert.Equal((HttpStatusCode.Found, "/sign-in?return=%2Faccount%3Ftab%3D1"), (page.StatusCode, page.Headers.Location?.ToString()));
        Assert.Equal((HttpStatusCode.Found, "/sign-in"), (start.StatusCode, start.Headers.Location?.ToString()));
        Assert.Equal((HttpStatusCode.Found, "/sign-in"), (form.StatusCode, form.Headers.Location?.ToString()));
        Assert.Equal((HttpStatusCode.Unauthorized, null), (api.StatusCode, api.Headers.Location));
    }

    [Fact]
    public async Task An_invitation_asks_a_stranger_for_a_name_and_is_refused_when_there_is_none_such()
    {
        using var jonas = console.Visit();
        var page = await jonas.Page("/invites/unknown");
        using var nameless = await jonas.Press("/invites/unknown", "/invites/unknown", ("name", " "));
        using var answer = await jonas.Press("/invites/unknown", "/invites/unknown", ("name", "Jonas"));

        Assert.Equal(["Your name"], Html.Texts(page, "label"));
        Structure_of_the_pages.Check(page);
        Assert.Equal("/invites/unknown?refused=name", nameless.Headers.Location?.ToString());
        Assert.Equal("/invites/unknown?refused=not-found", answer.Headers.Location?.ToString());
        Assert.False(await jonas.IsSignedIn());

        await jonas.SignIn();
        using var signedIn = await jonas.Press("/invites/unknown", "/invites/unknown");
        Assert.Equal("/invites/unknown?refused=not-found", signedIn.Headers.Location?.ToString());
    }
}
