using System.Net;
using Allocora.Testing;

namespace Allocora.Console.Tests;

/// <summary>Against oidc-provider, a certified implementation, in a process of its own.</summary>
public sealed class Signing_in_at_a_provider : IAsyncLifetime
{
    private readonly string authority = $"http://127.0.0.1:{ProviderOfTests.FreePort()}";
    private ConsoleDatabase database = null!;
    private RunningConsole console = null!;
    private ChildProgram provider = null!;

    public async Task InitializeAsync()
    {
        database = await ConsoleDatabase.Create();
        console = await RunningConsole.Start(
            null,
            [.. database.Settings, "--Identity:Mode=oidc", $"--Oidc:Authority={authority}", "--Oidc:ClientId=allocora",
                "--Oidc:ClientSecret=a secret of the tests"]);
        provider = await ProviderOfTests.Start(new Uri(authority).Port, $"{console.Address}{SignInWithProvider.Callback}");
    }

    public async Task DisposeAsync()
    {
        await provider.DisposeAsync();
        await console.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task A_person_is_led_there_and_back_to_the_page_they_asked_for()
    {
        using var mara = console.Visit();
        using var asked = await mara.Get("/account");
        var (_, signIn) = await mara.Follow(asked);
        Structure_of_the_pages.Check(signIn);
        var button = Html.Attribute(Html.Tags(signIn, "a").Single(tag => Html.Attribute(tag, "class") == "button"), "href")!;

        var (at, page) = await AtProvider(mara, button, "mara");

        Assert.Equal($"{console.Address}/account", at.ToString());
        Assert.Contains("You are signed in as mara of the provider.", Html.Texts(page, "p"));
        Assert.Equal($"{authority} mara mara@example.com", await database.Ask("select concat_ws(' ', issuer, subject, email) from person"));
        Assert.Equal("oidc", await database.Ask("select data->>'How' from mt_events where type = 'signed_in'"));

        using var gone = await mara.Press("/account", "/sign-out");
        Assert.False(await mara.IsSignedIn());
    }

    [Fact]
    public async Task An_address_the_provider_has_not_verified_is_not_believed()
    {
        using var visitor = console.Visit();
        await AtProvider(visitor, "/sign-in/provider", "unverified-admin");

        Assert.True(await visitor.IsSignedIn());
        Assert.Equal(DBNull.Value, await database.Ask("select email from person where subject = 'unverified-admin'"));
    }

    [Fact]
    public async Task To_confirm_the_same_person_is_asked_again_and_nobody_else_will_do()
    {
        using var mara = console.Visit();
        await AtProvider(mara, "/sign-in/provider", "mara");
        await database.Ask("update session set confirmed_at = confirmed_at - interval '1 hour'");
        const string Confirm = "/sign-in/provider?confirm=true&return=/account", Stale = "select bool_and(confirmed_at < created_at) from session";

        mara.Forget("_session"); // as if the provider knew nobody in this browser
        var (wrong, _) = await AtProvider(mara, Confirm, "jonas");
        Assert.Equal("/sign-in/refused?reason=other-person", wrong.PathAndQuery);
        Assert.Equal(true, await database.Ask(Stale));

        mara.Forget("_session");
        var (right, _) = await AtProvider(mara, Confirm, "mara");
        Assert.Equal("/account", right.PathAndQuery);
        Assert.Equal(false, await database.Ask(Stale));
        Assert.Equal("oidc", await database.Ask("select data->>'How' from mt_events where type = 'session_confirmed'"));

        using var form = await mara.Press("/account", "/sign-in/confirm?return=/account");
        Assert.StartsWith($"{authority}/auth?", form.Headers.Location?.ToString(), StringComparison.Ordinal);
        Assert.Contains("prompt=login&max_age=0", form.Headers.Location!.Query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_confirmation_for_which_nobody_was_asked_is_none()
    {
        using var mara = console.Visit();
        await AtProvider(mara, "/sign-in/provider", "mara");
        await database.Ask("update session set confirmed_at = confirmed_at - interval '1 hour'");
        using var led = await mara.Get("/sign-in/provider?confirm=true");
        var quiet = led.Headers.Location!.ToString().Replace("&prompt=login&max_age=0", "", StringComparison.Ordinal);

        var (at, _) = await AtProvider(mara, quiet, "mara");

        Assert.Equal("/sign-in/refused?reason=not-asked", at.PathAndQuery);
        Assert.Equal(0L, await database.Ask("select count(*) from mt_events where type = 'session_confirmed'"));
    }

    [Fact]
    public async Task Who_turns_back_there_is_told_so_here()
    {
        using var mara = console.Visit();
        using var led = await mara.Get("/sign-in/provider");
        var (at, _) = await mara.Follow(led);
        using var aborted = await mara.Get($"{at}/abort");

        var (end, page) = await mara.Follow(aborted);

        Assert.Equal("/sign-in/refused?reason=denied", end.PathAndQuery);
        Structure_of_the_pages.Check(page);
        Assert.Equal("oidc denied", await database.Ask("select concat(data->>'How', ' ', data->>'Reason') from mt_events where stream_id = 'sign-ins'"));
    }

    [Theory]
    [InlineData("?code=stolen&state=forged", "state")]
    [InlineData("?code=stolen", "state")]
    [InlineData("", "state")]
    [InlineData("?error=server_error", "provider")]
    [InlineData("?code=stolen&state=forged&iss=https://evil.example", "provider")]
    public async Task An_answer_nobody_asked_for_signs_nobody_in(string query, string reason)
    {
        using var mara = console.Visit();
        using var answer = await mara.Get(SignInWithProvider.Callback + query);

        Assert.Equal((HttpStatusCode.Found, $"/sign-in/refused?reason={reason}"), (answer.StatusCode, answer.Headers.Location?.ToString()));
        Assert.False(await mara.IsSignedIn());
    }

    [Fact]
    public async Task A_code_is_bound_to_who_asked_for_it()
    {
        using var mara = console.Visit();
        using var led = await mara.Get("/sign-in/provider");

        Assert.Contains("code_challenge_method=S256", led.Headers.Location!.Query, StringComparison.Ordinal);
        Assert.Matches("[?&]code_challenge=[A-Za-z0-9_-]{43}(&|$)", led.Headers.Location!.Query);
        Assert.DoesNotContain("code_verifier", led.Headers.Location!.Query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_answer_of_one_browser_is_of_no_use_in_another()
    {
        using var mara = console.Visit();
        using var thief = console.Visit();
        using var led = await mara.Get("/sign-in/provider");
        var state = led.Headers.Location!.Query.Split('&').Single(p => p.StartsWith("state=", StringComparison.Ordinal));
        using var answer = await thief.Get($"{SignInWithProvider.Callback}?code=stolen&{state}");

        Assert.Equal("/sign-in/refused?reason=state", answer.Headers.Location?.ToString());
    }

    [Fact]
    public async Task While_the_provider_is_away_a_page_says_so()
    {
        await provider.Kill();
        using var mara = console.Visit();
        using var answer = await mara.Get("/sign-in/provider");

        Assert.Equal("/sign-in/refused?reason=provider", answer.Headers.Location?.ToString());
    }

    // Goes there, signs in and agrees as often as it is asked to, and tells where that leads.
    private static async Task<(Uri Address, string Page)> AtProvider(Visitor visitor, string start, string login)
    {
        using var first = await visitor.Get(start);
        var (at, page) = await visitor.Follow(first);
        for (var forms = 0; forms < 4 && at.AbsolutePath.StartsWith("/interaction/", StringComparison.Ordinal); forms++)
        {
            (string, string)[] fields = page.Contains("name=\"login\"", StringComparison.Ordinal)
                ? [("prompt", "login"), ("login", login), ("password", "any")]
                : [("prompt", "consent")];
            using var answer = await visitor.Post(new Uri(at, Visitor.Action(page)).ToString(), token: null, fields);
            (at, page) = await visitor.Follow(answer);
        }
        return (at, page);
    }
}
