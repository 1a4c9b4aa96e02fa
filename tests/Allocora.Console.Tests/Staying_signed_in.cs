using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Allocora.Testing;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Allocora.Console.Tests;

public sealed class Staying_signed_in : IAsyncLifetime
{
    private readonly ManualTime time = new();
    private ConsoleDatabase database = null!;
    private RunningConsole console = null!;

    public async Task InitializeAsync()
    {
        database = await ConsoleDatabase.Create();
        console = await Start();
    }

    public async Task DisposeAsync()
    {
        await console.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task A_session_nobody_uses_ends_after_half_an_hour()
    {
        using var mara = await SignIn();
        time.Advance(TimeSpan.FromMinutes(29));
        Assert.True(await mara.IsSignedIn());
        time.Advance(TimeSpan.FromMinutes(29));
        Assert.True(await mara.IsSignedIn());
        time.Advance(TimeSpan.FromMinutes(30));
        Assert.False(await mara.IsSignedIn());
        Assert.DoesNotContain("allocora", mara.Cookies.Select(c => c.Name));
    }

    [Fact]
    public async Task What_a_page_asks_for_by_itself_keeps_no_session_alive()
    {
        using var mara = await SignIn();
        for (var minute = 0; minute < 30; minute += 5)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/status") { Headers = { { SessionCookie.UnattendedHeader, "1" } } };
            using var answer = await mara.Send(request);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            time.Advance(TimeSpan.FromMinutes(5));
        }
        Assert.False(await mara.IsSignedIn());
    }

    [Fact]
    public async Task A_session_ends_after_eight_hours_however_much_it_is_used()
    {
        using var mara = await SignIn();
        for (var minutes = 20; minutes < 8 * 60; minutes += 20)
        {
            time.Advance(TimeSpan.FromMinutes(20));
            Assert.True(await mara.IsSignedIn());
        }
        time.Advance(TimeSpan.FromMinutes(20));
        Assert.False(await mara.IsSignedIn());
    }

    [Fact]
    public async Task When_it_was_last_used_is_written_once_a_minute()
    {
        using var mara = await SignIn();
        time.Advance(TimeSpan.FromSeconds(59));
        await mara.IsSignedIn();
        Assert.Equal(0m, await database.Ask("select extract(epoch from seen_at - created_at) from session"));
        time.Advance(TimeSpan.FromSeconds(1));
        await mara.IsSignedIn();
        Assert.Equal(60m, await database.Ask("select extract(epoch from seen_at - created_at) from session"));
    }

    [Fact]
    public async Task Two_consoles_know_the_same_sessions_and_signing_out_ends_one_at_both()
    {
        await using var second = await Start();
        using var mara = await SignIn();
        using var there = new Visitor(second.Address);
        there.Take(mara);
        Assert.True(await there.IsSignedIn());

        using var answer = await there.Post("/sign-out", await there.TokenOf("/account"));

        Assert.Equal("/sign-in?out=1", answer.Headers.Location?.ToString());
        Assert.False(await there.IsSignedIn());
        Assert.False(await mara.IsSignedIn());
        Assert.Equal(1L, await database.Ask("select count(*) from mt_events where type = 'signed_out' and data->>'Everywhere' = 'false'"));
    }

    [Fact]
    public async Task Signing_out_everywhere_ends_every_session_of_the_person_and_nobody_elses()
    {
        using var first = await SignIn();
        using var second = await SignIn();
        using var other = await SignIn("other");

        using var answer = await first.Press("/account", "/sign-out/everywhere");

        Assert.False(await first.IsSignedIn());
        Assert.False(await second.IsSignedIn());
        Assert.True(await other.IsSignedIn());
        Assert.Equal(1L, await database.Ask("select count(*) from mt_events where type = 'signed_out' and data->>'Everywhere' = 'true'"));
    }

    [Fact]
    public async Task The_account_lists_the_persons_sessions_and_ends_each_and_no_other()
    {
        using var here = await SignIn();
        time.Advance(TimeSpan.FromMinutes(1));
        using var there = await SignIn();
        using var other = await SignIn("other");
        var page = await here.Page("/account");
        Structure_of_the_pages.Check(page);
        var listed = Html.Tags(page, "tr").Select(tag => Html.Attribute(tag, "data-session")).OfType<string>().ToList();
        Assert.Equal(2, listed.Count);
        Assert.Contains("Visitor/1.0 (this one)", Html.Texts(page, "th"));
        var others = (string)(await database.Ask("select s.id from session s join person p on p.id = s.person where p.subject = 'other'"))!;

        foreach (var session in new[] { listed[0], others })
        {
            using var ended = await here.Press("/account", $"/account/sessions/{session}/end");
            Assert.Equal("/account", ended.Headers.Location?.ToString());
        }

        Assert.True(await here.IsSignedIn());
        Assert.False(await there.IsSignedIn());
        Assert.True(await other.IsSignedIn());
    }

    [Fact]
    public async Task Who_signs_in_again_in_the_same_browser_has_one_session()
    {
        using var mara = await SignIn();
        await mara.SignIn(time);

        Assert.Equal(1L, await database.Ask("select count(*) from session where ended_at is null"));
        Assert.True(await mara.IsSignedIn());
    }

    [Fact]
    public async Task A_confirmation_is_fresh_for_ten_minutes_and_can_be_given_again()
    {
        using var mara = await SignIn();
        var options = new SessionOptions();
        time.Advance(TimeSpan.FromMinutes(10));
        await mara.IsSignedIn();
        Assert.Equal(0m, await database.Ask("select extract(epoch from confirmed_at - created_at) from session"));
        var page = await mara.Page("/sign-in/confirm?return=/account");
        Structure_of_the_pages.Check(page);

        using var answer = await mara.Press("/sign-in/confirm?return=/account", Visitor.Action(page[page.IndexOf("<main", StringComparison.Ordinal)..]));

        Assert.Equal("/account", answer.Headers.Location?.ToString());
        Assert.Equal(600m, await database.Ask("select extract(epoch from confirmed_at - created_at) from session"));
        Assert.Equal(1L, await database.Ask("select count(*) from mt_events where type = 'session_confirmed' and tenant_id = 'platform'"));
        Assert.Equal(TimeSpan.FromMinutes(10), options.FreshFor);
    }

    [Fact]
    public async Task What_has_ended_or_is_somebody_elses_cannot_be_confirmed()
    {
        using var mara = await SignIn();
        var sessions = console.Provider.GetRequiredService<Sessions>();
        var (session, person) = ((string)(await database.Ask("select id from session"))!, (string)(await database.Ask("select person from session"))!);

        Assert.NotNull(await sessions.Confirm(person, session, default));
        Assert.Null(await sessions.Confirm("usr_other", session, default));
        Assert.True(await sessions.End(person, session, default));
        Assert.Null(await sessions.Confirm(person, session, default));
    }

    [Fact]
    public async Task While_the_database_is_away_the_status_can_be_seen_and_nothing_else()
    {
        await using var alone = await RunningConsole.Start();
        await alone.Until(_ => true);

        using var status = await alone.Ask("/status");
        using var twin = await alone.Ask("/api/v1/status", "application/json");
        using var page = await alone.Ask("/account");
        using var start = await alone.Ask("/");
        using var api = await alone.Ask("/api/v1/csrf", "application/json");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (status.StatusCode, twin.StatusCode));
        Assert.All(new[] { page, start, api }, answer =>
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "5"), (answer.StatusCode, answer.Headers.RetryAfter?.ToString())));
        Assert.Equal(["This cannot be answered at the moment"], Html.Texts(await page.Content.ReadAsStringAsync(), "h1"));
    }

    [Fact]
    public async Task A_cookie_of_other_keys_signs_nobody_in()
    {
        using var mara = await SignIn();
        await using var stranger = await RunningConsole.Start();
        using var there = new Visitor(stranger.Address);
        there.Take(mara);

        using var answer = await there.Get("/status");
        Assert.Equal("/sign-in?return=%2Fstatus", answer.Headers.Location?.ToString());
    }

    [Fact]
    public async Task Over_http_on_this_machine_cookies_have_a_plain_name_and_no_script_reads_them()
    {
        using var mara = console.Visit();
        using var answer = await mara.UseLink(Visitor.Link(time));

        Assert.Equal(["path=/; samesite=lax; httponly"], Attributes(answer, "allocora="));
    }

    [Fact]
    public async Task Over_https_cookies_are_bound_to_the_host_and_to_https()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await using var secure = await RunningConsole.StartWith(
            builder => builder.WebHost.ConfigureKestrel(o => o.ConfigureHttpsDefaults(https => https.ServerCertificate = certificate)),
            routes: null, [.. database.Settings, "--urls=https://127.0.0.1:0"]);
        using var mara = secure.Visit();

        using var form = await mara.Get("/sign-in/link?t=x");
        using var answer = await mara.UseLink(Visitor.Link());

        Assert.Equal(["path=/; secure; samesite=strict; httponly"], Attributes(form, "__Host-allocora-form="));
        Assert.Equal(["path=/; secure; samesite=lax; httponly"], Attributes(answer, "__Host-allocora="));
        Assert.True(await mara.IsSignedIn());
    }

    private static List<string> Attributes(HttpResponseMessage answer, string cookie) =>
        [.. answer.Headers.GetValues("Set-Cookie").Where(c => c.StartsWith(cookie, StringComparison.Ordinal))
            .Select(c => c[(c.IndexOf(';', StringComparison.Ordinal) + 2)..])];

    private Task<RunningConsole> Start() =>
        RunningConsole.StartWith(builder => builder.Services.AddSingleton<TimeProvider>(time), routes: null, database.Settings);

    private Task<Visitor> SignIn(string subject = "owner") => console.Visit().SignIn(time, subject);
}
