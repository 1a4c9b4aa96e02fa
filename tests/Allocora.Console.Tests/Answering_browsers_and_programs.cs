using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Allocora.Console.Components;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Allocora.Console.Tests;

public sealed class Answering_browsers_and_programs : IAsyncLifetime
{
    private const string Secret = "the password is hunter2";
    private RunningConsole console = null!;

    public async Task InitializeAsync() => console = await RunningConsole.Start(app =>
    {
        var anyone = app.MapGroup("").AllowAnyone();
        anyone.MapGet("/breaks", string () => throw new InvalidOperationException(Secret));
        anyone.MapGet("/api/breaks", string () => throw new InvalidOperationException(Secret));
        anyone.MapGet("/breaks-while-rendering", () => new RazorComponentResult<Broken>());
        anyone.MapPost("/forms/only-post", () => "done");
    });

    public async Task DisposeAsync() => await console.DisposeAsync();

    [Fact]
    public async Task The_page_and_its_twin_tell_the_same()
    {
        await console.Until("statements", s => s.State == "ready");
        await console["statements"].Die();
        var status = await console.Until(s => string.Join(' ', s.Services.Select(one => one.State)) == "ready ready ready unreachable not-ready");
        var html = await console.Page("/status");

        Assert.Contains(StatusWords.Summary(status, isStale: false), Html.Texts(html, "p"));
        Assert.All(status.Services, service =>
        {
            var row = Html.Text(Html.Row(html, service.Name));
            Assert.StartsWith($"{service.Name} {StatusWords.State(service.State)} {StatusWords.Absolute(service.Since)}", row, StringComparison.Ordinal);
            Assert.Contains(service.Version!, row, StringComparison.Ordinal);
            Assert.All(service.Dependencies, dependency => Assert.Contains(StatusWords.Dependency(dependency), row, StringComparison.Ordinal));
        });
    }

    [Fact]
    public async Task The_twin_is_spelled_the_way_every_api_answer_is()
    {
        await console.Until(_ => true);
        using var response = await console.Ask("/api/v1/status", "application/json");
        var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;

        Assert.Equal(["asOf", "services"], json.EnumerateObject().Select(p => p.Name));
        Assert.Equal(["name", "state", "since", "version", "dependencies"], json.GetProperty("services")[0].EnumerateObject().Select(p => p.Name));
    }

    [Theory]
    [InlineData("application/json", "application/problem+json")]
    [InlineData("text/html", "text/html")]
    public async Task A_form_nobody_asked_for_is_refused_with_a_reason(string accept, string type)
    {
        using var response = await console.Ask("/status", accept, HttpMethod.Post);

        Assert.Equal((HttpStatusCode.BadRequest, type), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.NotEqual("", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("/", 503)]
    [InlineData("/sign-in", 200)]
    [InlineData("/status", 200)]
    [InlineData("/api/v1/status", 200)]
    [InlineData("/allocora.css", 200)]
    [InlineData("/nowhere/at/all", 404)]
    public async Task Asking_for_the_headers_alone_gets_what_a_reader_would_get_without_the_text(string path, int status)
    {
        await console.Until(_ => true);
        using var whole = await console.Ask(path);
        using var head = await console.Ask(path, method: HttpMethod.Head);

        Assert.Equal(status, (int)head.StatusCode);
        Assert.Equal(whole.Content.Headers.ContentType, head.Content.Headers.ContentType);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("/nowhere/at/all", 404, "There is no such page")]
    [InlineData("/breaks", 500, "Something went wrong")]
    [InlineData("/breaks-while-rendering", 500, "Something went wrong")]
    [InlineData("/forms/only-post", 405, "This page cannot be used that way")]
    public async Task A_browser_is_told_on_a_page_what_went_wrong(string path, int status, string title)
    {
        using var response = await console.Ask(path, "text/html,application/xhtml+xml,*/*;q=0.8");
        var html = await response.Content.ReadAsStringAsync();

        Assert.Equal((status, "text/html"), ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Equal([title], Html.Texts(html, "h1"));
        Assert.Equal([$"{title} · Allocora"], Html.Texts(html, "title"));
        Assert.Contains($"{status}", Html.Texts(html, "dd"));
        Assert.Contains(Assert.Single(response.Headers.GetValues("Request-Id")), Html.Texts(html, "dd"));
        Assert.Contains("Back to the start", Html.Texts(html, "a"));
        Assert.DoesNotContain(Secret, html, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"Exception|\bat [A-Za-z.]+\(", html);
        Structure_of_the_pages.Check(html);
    }

    [Theory]
    [InlineData("/nowhere/at/all", "application/json", 404)]
    [InlineData("/nowhere/at/all", "*/*", 404)]
    [InlineData("/nowhere/at/all", "text/html;q=0", 404)]
    [InlineData("/breaks", "application/json", 500)]
    [InlineData("/api/nowhere", "text/html", 404)]
    [InlineData("/api/breaks", "text/html", 500)]
    public async Task A_program_is_told_as_a_problem_document(string path, string accept, int status)
    {
        using var response = await console.Ask(path, accept);
        var body = await response.Content.ReadAsStringAsync();

        Assert.Equal((status, "application/problem+json"), ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Equal(status, JsonDocument.Parse(body).RootElement.GetProperty("status").GetInt32());
        Assert.DoesNotContain(Secret, body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_that_fails_is_logged_once_with_its_reason()
    {
        await console.Page("/breaks");

        Assert.Single(console.Logged, line => line.StartsWith("Error: GET /breaks failed", StringComparison.Ordinal));
        Assert.Single(console.Logged, line => line.Contains(Secret, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/status", "text/html")]
    [InlineData("/", "text/html")]
    [InlineData("/nowhere/at/all", "text/html")]
    [InlineData("/breaks", "text/html")]
    [InlineData("/breaks", "application/json")]
    [InlineData("/api/v1/status", "application/json")]
    [InlineData("/api/nowhere", "application/json")]
    [InlineData("/version", "application/json")]
    [InlineData("/allocora.css", "text/css")]
    public async Task Whatever_is_answered_carries_the_security_headers(string path, string accept)
    {
        using var response = await console.Ask(path, accept);

        string Header(string name) => string.Join(", ", response.Headers.GetValues(name));
        Assert.Equal(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
            + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'", Header("Content-Security-Policy"));
        Assert.Equal("nosniff", Header("X-Content-Type-Options"));
        Assert.Equal("no-referrer", Header("Referrer-Policy"));
        Assert.Equal("same-origin", Header("Cross-Origin-Opener-Policy"));
        Assert.Equal("same-origin", Header("Cross-Origin-Resource-Policy"));
        Assert.Contains("camera=()", Header("Permissions-Policy"), StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("Server"));
        // A page with a form brings the cookie its token is compared with, and nothing else is kept.
        if (response.Headers.TryGetValues("Set-Cookie", out var cookies)) Assert.StartsWith("allocora-form=", Assert.Single(cookies), StringComparison.Ordinal);
        if (accept != "text/css") Assert.True(response.Headers.CacheControl!.NoStore);
    }

    [Fact]
    public async Task A_file_may_be_kept_for_good_under_the_address_that_names_its_content()
    {
        var html = await console.Page("/status");
        var addresses = Regex.Matches(html, @"(?:href|src)=""(/[^""]+\?v=[^""]+)""").Select(m => m.Groups[1].Value).Distinct().ToList();

        Assert.Equal(["/allocora.css", "/favicon.svg", "/status.js"], addresses.Select(a => a.Split('?')[0]).Order());
        foreach (var address in addresses)
        {
            using var kept = await console.Ask(address, "*/*");
            Assert.Equal("public, max-age=31536000, immutable", kept.Headers.CacheControl?.ToString());

            using var asked = await console.Ask(address.Split('?')[0] + "?v=other", "*/*");
            Assert.Equal("no-cache", asked.Headers.CacheControl?.ToString());
            Assert.NotEmpty(asked.Headers.ETag?.Tag ?? "");
        }
    }

    // By the time the inside breaks, the head of the page has been rendered.
    private sealed class Broken : ComponentBase
    {
        protected override void BuildRenderTree(RenderTreeBuilder builder)
        {
            builder.OpenComponent<Document>(0);
            builder.AddAttribute(1, nameof(Document.ChildContent), (RenderFragment)(body =>
            {
                body.OpenComponent<Breaking>(0);
                body.CloseComponent();
            }));
            builder.CloseComponent();
        }

        private sealed class Breaking : ComponentBase
        {
            protected override void BuildRenderTree(RenderTreeBuilder builder) => throw new InvalidOperationException(Secret);
        }
    }
}
