using System.Net;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Allocora.Console.Tests;

/// <summary>What somebody who is not signed in meets when the Console cannot do what it should, and what its log says of it.</summary>
public sealed class Meeting_the_console_in_trouble
{
    private const string Form = "/sign-in/link?t=x";

    [Fact]
    public async Task Without_a_database_from_the_start_a_form_says_to_come_back_and_the_log_says_why_in_one_line()
    {
        await using var console = await RunningConsole.Start(
            null, $"--ConnectionStrings:console_worker={RunningConsole.NoDatabase}", "--Shutdown:Timeout=00:00:01");
        using var visitor = console.Visit();

        using var answer = await visitor.Get(Form);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(5)), (answer.StatusCode, answer.Headers.RetryAfter?.Delta));
        Assert.Contains("This cannot be answered at the moment", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var line = Assert.Single(console.Logged, l => l.Contains("/sign-in/link", StringComparison.Ordinal));
        Assert.StartsWith("Warning: GET /sign-in/link cannot be answered: the database is away", line, StringComparison.Ordinal);
        Assert.DoesNotContain(console.Logged, l => l.Contains("   at ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_page_over_http_where_cookies_need_https_is_refused_and_the_log_names_the_setting_once()
    {
        await using var console = await StartWithSafeCookies();
        using var visitor = console.Visit();

        foreach (var path in new[] { Form, "/sign-in", "/api/v1/csrf" })
        {
            using var answer = await visitor.Get(path);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Contains("Open this address with https.", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
        using var program = await visitor.Get("/api/v1/me");
        using var health = await visitor.Get("/healthz/live");
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (program.StatusCode, health.StatusCode));
        var line = Assert.Single(console.Logged, l => l.Contains("over http", StringComparison.Ordinal));
        Assert.Contains("Gateway__TrustedProxies__0", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.0/8", HttpStatusCode.OK)]
    [InlineData("10.0.0.0/8", HttpStatusCode.BadRequest)]
    public async Task That_it_was_https_in_front_is_believed_of_a_proxy_the_settings_name(string network, HttpStatusCode status)
    {
        await using var console = await StartWithSafeCookies($"--Gateway:TrustedProxies:0={network}");
        using var visitor = console.Visit();
        using var request = new HttpRequestMessage(HttpMethod.Get, Form);
        request.Headers.Add("X-Forwarded-Proto", "https");
        request.Headers.Add("X-Forwarded-For", "203.0.113.1");

        using var answer = await visitor.Send(request);

        Assert.Equal(status, answer.StatusCode);
    }

    // As production has them, on a listener without https, as behind a proxy.
    private static Task<RunningConsole> StartWithSafeCookies(params string[] settings) => RunningConsole.StartWith(
        builder => builder.Services.PostConfigure<AntiforgeryOptions>(o => o.Cookie.SecurePolicy = CookieSecurePolicy.Always),
        null, settings);
}
