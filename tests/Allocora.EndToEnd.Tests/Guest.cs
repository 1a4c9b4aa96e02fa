using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Allocora.EndToEnd.Tests;

/// <summary>A person with a browser: it keeps cookies, fills in forms, and follows only where a test lets it.</summary>
internal sealed partial class Guest : IDisposable
{
    private readonly CookieContainer cookies = new();
    private readonly HttpClient http;
    private readonly string console;

    public Guest(string console)
    {
        this.console = console;
        http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, CookieContainer = cookies });
    }

    /// <summary>The person's id.</summary>
    public string Id { get; private set; } = "";

    /// <summary>The token that a request of this session brings if it changes something.</summary>
    public string FormToken { get; private set; } = "";

    /// <summary>As the header has them.</summary>
    public string Cookies => cookies.GetCookieHeader(new(console));

    public IReadOnlyList<string> CookieValues => [.. cookies.GetAllCookies().Select(c => c.Value)];

    /// <summary>Signs in with a link of <c>./allocora link</c>.</summary>
    public async Task<HttpResponseMessage> SignIn(string link)
    {
        var answer = await Try(link);
        await Enter(answer);
        return answer;
    }

    /// <summary>Presses the button of such a link, wherever that leads.</summary>
    public async Task<HttpResponseMessage> Try(string link) =>
        await Post("/sign-in/link", await http.GetStringAsync(new Uri(link)), ("t", link[(link.IndexOf("t=", StringComparison.Ordinal) + 2)..]));

    /// <summary>Accepts an invitation as somebody who is new here.</summary>
    public async Task<HttpResponseMessage> Join(string link, string name)
    {
        var path = new Uri(link).AbsolutePath;
        var answer = await Post(path, await http.GetStringAsync(new Uri(console + path)), ("name", name));
        await Enter(answer);
        return answer;
    }

    public async Task<HttpResponseMessage> SignOut()
    {
        using var page = await http.GetAsync(new Uri($"{console}/account"));
        return await Post("/sign-out", await page.Content.ReadAsStringAsync());
    }

    /// <summary>Asks the API, and fails unless it does what it was asked.</summary>
    public async Task<JsonElement> Ask(HttpMethod method, string path, object? body = null)
    {
        using var response = await Send(method, path, body);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {(int)response.StatusCode} {text}");
        return text == "" ? default : JsonDocument.Parse(text).RootElement;
    }

    public async Task<HttpResponseMessage> Send(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, console + path);
        if (body is not null) request.Content = JsonContent.Create(body);
        if (method != HttpMethod.Get) request.Headers.Add("X-CSRF-Token", FormToken);
        return await http.SendAsync(request);
    }

    public void Dispose() => http.Dispose();

    private async Task Enter(HttpResponseMessage answer)
    {
        if (answer.Headers.Location?.ToString() != "/") throw new InvalidOperationException($"It led to {answer.Headers.Location}.");
        FormToken = (await Ask(HttpMethod.Get, "/api/v1/csrf")).GetProperty("token").GetString()!;
        Id = (await Ask(HttpMethod.Get, "/api/v1/me")).GetProperty("id").GetString()!;
    }

    private async Task<HttpResponseMessage> Post(string path, string page, params (string Name, string Value)[] fields)
    {
        var form = fields.ToDictionary(f => f.Name, f => f.Value);
        form["__RequestVerificationToken"] = TokenField().Match(page).Groups[1].Value;
        using var content = new FormUrlEncodedContent(form);
        return await http.PostAsync(new Uri(console + path), content);
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\"[^>]*value=\"([^\"]+)\"")]
    private static partial Regex TokenField();
}
