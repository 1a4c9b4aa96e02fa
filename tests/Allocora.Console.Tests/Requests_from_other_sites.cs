using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Allocora.Contracts.Api;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Allocora.Console.Tests;

public sealed class Requests_from_other_sites : IAsyncLifetime
{
    private ConsoleDatabase database = null!;
    private RunningConsole console = null!;
    private Visitor mara = null!;

    public async Task InitializeAsync()
    {
        database = await ConsoleDatabase.Create();
        console = await RunningConsole.Start(
            app =>
            {
                foreach (var method in new[] { "POST", "PUT", "PATCH", "DELETE" })
                    app.MapMethods("/api/v1/things/{id}", [method], () => TypedResults.Ok("done")).AllowSignedIn();
                app.MapPost("/webhooks/things", () => TypedResults.Ok("done")).AllowAnyone();
            },
            // Every endpoint is asked many times over, and how often one may ask is not the question here.
            [.. database.Settings, "--Limits:Address=10000000", "--Limits:Caller=10000000", "--Limits:Workspace=10000000", "--Limits:SignIn=10000000"]);
        mara = await console.Visit().SignIn();
        // Of a workspace of her own: in any other it would be the workspace that is not there.
        using var asked = await mara.Get("/api/v1/csrf");
        using var opening = new HttpRequestMessage(HttpMethod.Post, "/api/v1/workspaces")
        {
            Content = JsonContent.Create(new OpenWorkspaceRequest("acme", "Acme", "EUR", "UTC")),
        };
        opening.Headers.Add(RequestTokens.Header, (await asked.Content.ReadFromJsonAsync<RequestToken>())!.Token);
        using var opened = await mara.Send(opening);
        Assert.Equal(HttpStatusCode.Created, opened.StatusCode);
    }

    public async Task DisposeAsync()
    {
        mara.Dispose();
        await console.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Whatever_changes_something_for_a_session_is_refused_without_a_token()
    {
        var changing = Changing();
        Assert.True(changing.Count >= 10, string.Join(", ", changing));
        foreach (var (method, path) in changing)
        {
            Assert.Equal("antiforgery", await Refused(method, path, header: null, content: new FormUrlEncodedContent([])));
            Assert.Equal("antiforgery", await Refused(method, path, header: "forged", content: JsonContent.Create(new { })));
        }
        Assert.True(await mara.IsSignedIn());
    }

    [Theory]
    [InlineData("cross-site")]
    [InlineData("same-site")]
    [InlineData("")]
    public async Task Whatever_changes_something_is_refused_when_the_browser_says_it_comes_from_elsewhere(string site)
    {
        var token = await mara.TokenOf("/account");
        foreach (var (method, path) in Changing()) Assert.Equal("antiforgery", await Refused(method, path, token, site: site));
        Assert.True(await mara.IsSignedIn());
    }

    [Theory]
    [InlineData("same-origin")]
    [InlineData("none")]
    [InlineData(null)]
    public async Task A_script_of_ours_asks_for_the_token_and_sends_it_in_a_header(string? site)
    {
        using var answer = await mara.Get("/api/v1/csrf");
        var token = (await answer.Content.ReadFromJsonAsync<RequestToken>())!;
        Assert.Equal("X-CSRF-Token", token.Header);

        foreach (var method in new[] { "POST", "PUT", "PATCH", "DELETE" }) Assert.Null(await Refused(method, "/api/v1/things/1", token.Token, site: site));
    }

    [Fact]
    public async Task The_token_of_somebody_else_is_of_no_use()
    {
        using var other = await console.Visit().SignIn(subject: "other");

        Assert.Equal("antiforgery", await Refused("POST", "/api/v1/things/1", await other.TokenOf("/account")));
    }

    // What brings a header needs no token, because a browser never sends one by itself; so the cookie beside it must not count.
    [Fact]
    public async Task A_session_lends_nothing_to_a_request_with_a_key_that_is_none()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/things/1") { Headers = { Authorization = new("Bearer", "anything") } };

        using var answer = await mara.Send(request);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task A_stranger_cannot_be_signed_in_by_a_form_of_another_site()
    {
        using var stranger = console.Visit();
        using var answer = await stranger.Post("/sign-in/link", token: null, ("t", Visitor.Link()));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.False(await stranger.IsSignedIn());
    }

    [Fact]
    public async Task What_is_for_anyone_and_knows_no_session_needs_no_token()
    {
        using var program = console.Visit();
        using var answer = await program.Post("/webhooks/things", token: null);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private List<(string Method, string Path)> Changing() =>
    [
        .. from endpoint in console.Endpoints
           from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []
           where method is not ("GET" or "HEAD" or "OPTIONS" or "TRACE") && MayBeHers(endpoint)
           let path = "/" + Regex.Replace(
               endpoint.RoutePattern.RawText!.TrimStart('/').Replace("{ws}", "acme", StringComparison.Ordinal), @"\{[^}]*\}", "x")
           select (method, path),
    ];

    // What she lacks the permission for is refused before anybody looks for a token.
    private static bool MayBeHers(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<EndpointAccess>()?.Permission is not { } permission
        || PermissionTable.Of(Roles.Admin).Contains(permission) || PermissionTable.Of(Roles.Platform).Contains(permission);

    // The code it was refused with; null when it was not.
    private async Task<string?> Refused(string method, string path, string? header, HttpContent? content = null, string? site = null)
    {
        using var request = new HttpRequestMessage(new(method), path) { Content = content };
        request.Headers.Add("Accept", "application/json");
        if (header is not null) request.Headers.Add(RequestTokens.Header, header);
        if (site is not null) request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", site);
        using var answer = await mara.Send(request);
        if (answer.IsSuccessStatusCode) return null;
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var body = await answer.Content.ReadAsStringAsync();
        return path.StartsWith("/api", StringComparison.Ordinal) || body.StartsWith('{')
            ? JsonDocument.Parse(body).RootElement.GetProperty("code").GetString()
            : body.Contains("The request is not valid", StringComparison.Ordinal) ? "antiforgery" : body;
    }
}
