using System.Net;
using System.Text.RegularExpressions;

namespace Allocora.Console.Tests;

/// <summary>A browser without scripts: it keeps cookies, fills in forms, and follows only where a test lets it.</summary>
internal sealed class Visitor : IDisposable
{
    public const string LinkKey = "bGluayBrZXkgb2YgdGhlIHRlc3RzLCAzMiBieXRlcyE=";
    private readonly CookieContainer cookies = new() { PerDomainCapacity = 100 };
    private readonly HttpClient http;

    public Visitor(string address)
    {
        // The certificate is of the tests' own making.
#pragma warning disable CA5359
        http = new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            CookieContainer = cookies,
            SslOptions = new() { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        })
        { BaseAddress = new(address) };
#pragma warning restore CA5359
        http.DefaultRequestHeaders.Accept.ParseAdd("text/html");
        http.DefaultRequestHeaders.UserAgent.ParseAdd("Visitor/1.0");
    }

    public Uri Address => http.BaseAddress!;

    public CookieCollection Cookies => cookies.GetAllCookies();

    /// <summary>Loses the cookies of that name.</summary>
    public void Forget(string name)
    {
        foreach (var cookie in Cookies.Where(c => c.Name.StartsWith(name, StringComparison.Ordinal))) cookie.Expired = true;
    }

    /// <summary>Has the cookies of another, as somebody who copied them.</summary>
    public void Take(Visitor other)
    {
        foreach (Cookie cookie in other.Cookies) cookies.Add(Address, new Cookie(cookie.Name, cookie.Value));
    }

    public static string Link(TimeProvider? time = null, string subject = "owner", string name = "Mara") =>
        LinkToken.New((time ?? TimeProvider.System).GetUtcNow().AddMinutes(5), name, subject).Make(Convert.FromBase64String(LinkKey));

    public Task<HttpResponseMessage> Get(string path) => http.GetAsync(Of(path));

    public async Task<string> Page(string path)
    {
        using var response = await Get(path);
        return await response.Content.ReadAsStringAsync();
    }

    public Task<HttpResponseMessage> Send(HttpRequestMessage request) => http.SendAsync(request);

    /// <summary>What the page's forms carry so that they are taken.</summary>
    public async Task<string> TokenOf(string page) =>
        Html.Attribute(Html.Tags(await Page(page), "input").First(tag => Html.Attribute(tag, "name") == RequestTokens.Field), "value")!;

    public async Task<HttpResponseMessage> Post(string path, string? token, params (string Name, string Value)[] fields)
    {
        var form = fields.ToDictionary(f => f.Name, f => f.Value);
        if (token is not null) form[RequestTokens.Field] = token;
        using var content = new FormUrlEncodedContent(form);
        return await http.PostAsync(Of(path), content);
    }

    /// <summary>Submits a form as the page with this address has it.</summary>
    public async Task<HttpResponseMessage> Press(string page, string action, params (string Name, string Value)[] fields) =>
        await Post(action, await TokenOf(page), fields);

    public async Task<HttpResponseMessage> UseLink(string link) => await Press("/sign-in/link?t=x", "/sign-in/link", ("t", link));

    public async Task<Visitor> SignIn(TimeProvider? time = null, string subject = "owner", string name = "Mara")
    {
        using var answer = await UseLink(Link(time, subject, name));
        return answer.Headers.Location?.ToString() == "/" ? this : throw new InvalidOperationException($"The link led to {answer.Headers.Location}.");
    }

    public async Task<bool> IsSignedIn()
    {
        using var answer = await Get("/account");
        return answer.StatusCode == HttpStatusCode.OK;
    }

    /// <summary>Follows wherever it is led, and tells where that ends.</summary>
    public async Task<(Uri Address, string Page)> Follow(HttpResponseMessage first)
    {
        var answer = first;
        for (var steps = 0; steps < 20; steps++)
        {
            var at = answer.RequestMessage!.RequestUri!;
            if (answer.Headers.Location is not { } next) return (at, await answer.Content.ReadAsStringAsync());
            answer = await http.GetAsync(new Uri(at, next));
        }
        throw new InvalidOperationException("It leads in circles.");
    }

    public static string Action(string page) => Regex.Match(page, @"<form[^>]*action=""([^""]+)""").Groups[1].Value;

    public void Dispose() => http.Dispose();

    private static Uri Of(string path) => new(path, path.StartsWith('/') ? UriKind.Relative : UriKind.Absolute);
}
