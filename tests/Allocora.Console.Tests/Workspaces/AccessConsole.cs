using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Encodings.Web;
using System.Text.Json;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Allocora.Console.Tests.Workspaces;

/// <summary>The Console with a database of its own, in which a test says who has a session.</summary>
internal sealed class AccessConsole : IAsyncDisposable
{
    public const string WorkspaceSettings = "\"currency\":\"EUR\",\"timeZone\":\"Europe/Berlin\"";
    private readonly ConcurrentDictionary<string, Task<string>> tokens = [];
    private readonly WebApplication host;
    private bool ownsDatabase;

    private AccessConsole(ConsoleDatabase database, WebApplication host)
    {
        (Database, this.host) = (database, host);
        Http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = new(host.Urls.First()) };
    }

    public ConsoleDatabase Database { get; }

    public HttpClient Http { get; }

    public IServiceProvider Services => host.Services;

    public static Task<AccessConsole> Start(params string[] settings) => Start(TimeProvider.System, settings);

    public static async Task<AccessConsole> Start(TimeProvider time, params string[] settings)
    {
        var console = await Start(await ConsoleDatabase.Create(), time, settings);
        console.ownsDatabase = true;
        return console;
    }

    /// <param name="database">Stays when the Console goes.</param>
    public static async Task<AccessConsole> Start(ConsoleDatabase database, TimeProvider time, params string[] settings)
    {
        // How much one may ask for is not the question here, nor whether anybody is behind the gateway.
        var arguments = RunningConsole.Arguments(
            ConsoleModule.Services.Select(service => new StandIn(service)),
            [.. database.Settings, "--Limits:Address=10000000", "--Limits:Caller=10000000", "--Limits:Workspace=10000000", .. settings]);
        var host = Service.Build("console", arguments,
            builder =>
            {
                builder.Logging.ClearProviders();
                builder.AddConsole();
                builder.Services.AddSingleton(time);
                builder.Services.PostConfigure<AuthenticationOptions>(o =>
                {
                    if (o.SchemeMap.TryGetValue(Schemes.Session, out var scheme)) scheme.HandlerType = typeof(ToldSession);
                    else o.AddScheme<ToldSession>(Schemes.Session, displayName: null);
                });
            },
            app => app.MapConsole());
        await host.StartAsync();
        var console = new AccessConsole(database, host);
        await console.TokenOf("usr_first"); // all others' tokens belong to the cookie that comes with it
        return console;
    }

    /// <summary>Somebody who has signed in before, and no platform admin.</summary>
    public async Task<string> Person(string subject) =>
        (await Services.GetRequiredService<People>().Seen(Console.Person.Local, subject, subject, null, default)).Id;

    /// <summary>A platform admin.</summary>
    public Task<string> Owner() => Person(PlatformAdmins.LocalSubject);

    public async Task<string> Open(string person, string slug)
    {
        var answer = await Ask(person, HttpMethod.Post, "/api/v1/workspaces", $$"""{"slug":"{{slug}}","name":"Acme",{{WorkspaceSettings}}}""");
        Assert.Equal(201, answer.Status);
        return answer.Text("workspace", "id");
    }

    /// <summary>Invites a person, has that approved where it has to be, and lets them accept.</summary>
    public async Task<string> Join(string workspace, string admin, string role, string subject, string? approver = null)
    {
        var person = await Person(subject);
        var invite = await Ask(admin, HttpMethod.Post, $"/api/v1/workspaces/{workspace}/invites", $$"""{"role":"{{role}}"}""");
        Assert.Equal(201, invite.Status);
        if (invite.Body.GetProperty("approval").GetString() is { } approval)
        {
            var path = $"/api/v1/workspaces/{workspace}/approvals";
            var asked = (await Ask(approver!, HttpMethod.Get, path)).Data.First(a => a.GetProperty("id").GetString() == approval);
            var answer = await Ask(
                approver!, HttpMethod.Post, $"{path}/{approval}/approve", $$"""{"contentHash":"{{asked.GetProperty("contentHash").GetString()}}"}""");
            Assert.Equal(200, answer.Status);
        }
        var joined = await Ask(person, HttpMethod.Post, "/api/v1/invites/accept", $$"""{"token":"{{invite.Text("link").Split('/')[^1]}}"}""");
        Assert.Equal(200, joined.Status);
        return person;
    }

    /// <param name="who">A person, who then has a session, or an API key; null for nobody.</param>
    public async Task<Answer> Ask(
        string? who, HttpMethod method, string path, string? body = null, string? idempotencyKey = null, bool isFresh = true, CancellationToken ct = default)
    {
        using var request = new HttpRequestMessage(method, path);
        if (who?.StartsWith("usr_", StringComparison.Ordinal) == true) request.Headers.Add(ToldSession.Header, $"{who} {(isFresh ? "fresh" : "stale")}");
        else if (who is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", who);
        if (idempotencyKey is not null) request.Headers.Add("Idempotency-Key", idempotencyKey);
        if (request.Headers.Contains(ToldSession.Header) && method != HttpMethod.Get)
            request.Headers.Add(RequestTokens.Header, await tokens.GetOrAdd(who!, TokenOf));
        if (body is not null) request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await Http.SendAsync(request, ct);
        var text = await response.Content.ReadAsStringAsync(ct);
        return new((int)response.StatusCode, text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text), text);
    }

    private async Task<string> TokenOf(string person) => (await Ask(person, HttpMethod.Get, "/api/v1/csrf")).Text("token");

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await host.StopAsync();
        await host.DisposeAsync();
        if (ownsDatabase) await Database.DisposeAsync();
    }
}

/// <summary>The clock of the machine, put forward: everything waits as long as it does otherwise, and finds that it is later.</summary>
internal sealed class LaterTime : TimeProvider
{
    private TimeSpan ahead;

    public void Advance(TimeSpan by) => ahead += by;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + ahead;
}

/// <summary>What was answered.</summary>
internal sealed record Answer(int Status, JsonElement Body, string Whole)
{
    public string? Code => Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty("code", out var code) ? code.GetString() : null;

    public string Text(params ReadOnlySpan<string> path)
    {
        var at = Body;
        foreach (var step in path) at = at.GetProperty(step);
        return at.GetString()!;
    }

    public IReadOnlyList<JsonElement> Data => [.. Body.GetProperty("data").EnumerateArray()];

    public IReadOnlyList<string?> Pointers => [.. Body.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("pointer").GetString())];
}

/// <summary>Believes who the test says has a session.</summary>
internal sealed class ToldSession(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logging, UrlEncoder encoder, TimeProvider time)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logging, encoder)
{
    public const string Header = "Test-Session";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Request.Headers[Header] is not [{ } told]) return Task.FromResult(AuthenticateResult.NoResult());
        var confirmed = time.GetUtcNow() - (told.EndsWith(" fresh", StringComparison.Ordinal) ? TimeSpan.Zero : TimeSpan.FromMinutes(11));
        var claims = new ClaimsIdentity(
            [
                new(Caller.SubjectClaim, told.Split(' ')[0]), new(Caller.ViaClaim, "session:ses_test"),
                new(Schemes.ConfirmedClaim, $"{confirmed.ToUnixTimeSeconds()}"),
            ], Scheme.Name);
        return Task.FromResult(AuthenticateResult.Success(new(new ClaimsPrincipal(claims), Scheme.Name)));
    }
}
