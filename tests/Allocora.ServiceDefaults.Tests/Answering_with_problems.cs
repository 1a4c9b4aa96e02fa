using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Allocora.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Allocora.ServiceDefaults.Tests;

public sealed class Answering_with_problems : IAsyncLifetime
{
    private const string Catalogue = "https://docs.allocora.dev/problems/";
    private TestHost host = null!;

    private sealed record Thing(string Name, int Count);

    public async Task InitializeAsync() => host = await Start("Production");

    public async Task DisposeAsync() => await host.DisposeAsync();

    [Theory]
    [InlineData("GET", "/absent", 404, "not-found")]
    [InlineData("DELETE", "/things", 405, "method-not-allowed")]
    [InlineData("GET", "/status/401", 401, "unauthenticated")]
    [InlineData("GET", "/status/403", 403, "insufficient-scope")]
    [InlineData("GET", "/status/409", 409, "conflict")]
    [InlineData("GET", "/status/412", 412, "version-conflict")]
    [InlineData("GET", "/status/418", 418, "request-refused")]
    [InlineData("GET", "/status/428", 428, "precondition-required")]
    [InlineData("GET", "/status/429", 429, "rate-limited")]
    [InlineData("GET", "/status/501", 501, "internal-error")]
    [InlineData("GET", "/status/503", 503, "upstream-unavailable")]
    [InlineData("GET", "/broken", 500, "internal-error")]
    [InlineData("GET", "/upstream-away", 502, "upstream-unavailable")]
    [InlineData("GET", "/upstream-slow", 504, "upstream-unavailable")]
    public async Task Every_error_is_a_problem_with_a_code(string method, string path, int status, string code)
    {
        using var answer = await Send(method, path);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        var problem = await Body(answer);
        Assert.Equal(
            (status, code, Catalogue + code), (Number(problem, "status"), Text(problem, "code"), Text(problem, "type")));
        // Who may not know whether something is there is not told the address either.
        Assert.Equal(status is 401 or 404 or 405 ? null : path, problem.TryGetProperty("instance", out var instance) ? instance.GetString() : null);
        Assert.NotEqual("", Text(problem, "title"));
        Assert.Equal(status is 429 or 502 or 503 or 504, problem.GetProperty("retryable").GetBoolean());
        Assert.False(problem.TryGetProperty("traceId", out _));
    }

    [Theory]
    [InlineData("Production")]
    [InlineData("Development")]
    public async Task A_body_that_is_no_json_is_refused_with_the_place_where_it_goes_wrong(string environment)
    {
        await using var other = await Start(environment);

        using var answer = await Send(other, "POST", "/things", """{"name":"a","count":"many"}""");

        var problem = await Body(answer);
        Assert.Equal((HttpStatusCode.BadRequest, "validation"), (answer.StatusCode, Text(problem, "code")));
        Assert.Equal("The JSON cannot be read at $.count, line 1.", Text(problem, "detail"));
        Assert.Empty(other.Log.AtLeast(LogLevel.Warning));
    }

    [Theory]
    [InlineData("""{"name":""", "The JSON cannot be read at $.name, line 1.")]
    [InlineData("", "Send a JSON body.")]
    [InlineData("null", "Send a JSON body.")]
    public async Task A_body_that_is_not_all_there_is_refused(string body, string detail)
    {
        using var answer = await Send("POST", "/things", body);

        var problem = await Body(answer);
        Assert.Equal((HttpStatusCode.BadRequest, "validation", detail), (answer.StatusCode, Text(problem, "code"), Text(problem, "detail")));
    }

    [Fact]
    public async Task A_body_that_is_not_said_to_be_json_is_refused()
    {
        using var answer = await Send("POST", "/things", "name=a", "text/plain");

        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "unsupported-media-type"), (answer.StatusCode, Text(await Body(answer), "code")));
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused()
    {
        await using var small = await TestHost.Start(builder => builder.WebHost.ConfigureKestrel(o => o.Limits.MaxRequestBodySize = 100), Map);

        using var answer = await Send(small, "POST", "/things", $$"""{"name":"{{new string('a', 200)}}"}""");

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "payload-too-large"), (answer.StatusCode, Text(await Body(answer), "code")));
        Assert.Empty(small.Log.AtLeast(LogLevel.Warning));
    }

    [Fact]
    public async Task A_fault_of_ours_is_told_to_the_log_and_not_to_the_caller()
    {
        using var answer = await Send("GET", "/broken");

        var body = await answer.Content.ReadAsStringAsync();
        Assert.DoesNotContain("secret", body);
        Assert.DoesNotContain("   at ", body);
        Assert.Equal("The secret is 42", Assert.Single(host.Log.AtLeast(LogLevel.Error)).Exception!.Message);
    }

    [Theory]
    [InlineData("/refused")]
    [InlineData("/refused-by-code")]
    public async Task A_refusal_keeps_its_own_code_and_words(string path)
    {
        using var answer = await Send("GET", path);

        var problem = await Body(answer);
        Assert.Equal((409, "period-locked", Catalogue + "period-locked"), (Number(problem, "status"), Text(problem, "code"), Text(problem, "type")));
        Assert.Equal(("The period is locked", "2026-09 was locked."), (Text(problem, "title"), Text(problem, "detail")));
        Assert.Equal(RequestId(answer), Text(problem, "requestId"));
    }

    [Theory]
    [InlineData("/absent")]
    [InlineData("/refused")]
    [InlineData("/broken")]
    [InlineData("/invalid")]
    public async Task A_browser_gets_the_same_problem(string path)
    {
        using var answer = await Send("GET", path, accept: "text/html");

        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal(RequestId(answer), Text(await Body(answer), "requestId"));
    }

    [Fact]
    public async Task A_validation_problem_keeps_what_was_wrong_with_each_field()
    {
        using var answer = await Send("GET", "/invalid");

        var problem = await Body(answer);
        Assert.Equal((400, "validation"), (Number(problem, "status"), Text(problem, "code")));
        Assert.Equal("It is empty.", problem.GetProperty("errors").GetProperty("name")[0].GetString());
    }

    [Theory]
    [InlineData("/ok", 200)]
    [InlineData("/absent", 404)]
    [InlineData("/refused", 409)]
    [InlineData("/broken", 500)]
    public async Task Every_answer_names_the_trace_it_belongs_to(string path, int status)
    {
        const string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("traceparent", $"00-{trace}-00f067aa0ba902b7-01");

        using var answer = await host.Http.SendAsync(request);

        Assert.Equal((status, trace), ((int)answer.StatusCode, RequestId(answer)));
        if (status >= 400) Assert.Equal(trace, Text(await Body(answer), "requestId"));
    }

    [Theory]
    [InlineData("/absent", 404)]
    [InlineData("/status/409", 409)]
    [InlineData("/broken", 500)]
    public async Task A_head_request_gets_the_status_and_no_body(string path, int status)
    {
        using var answer = await Send("HEAD", path);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
        Assert.DoesNotContain(host.Log.AtLeast(LogLevel.Warning), l => l.Exception?.Message != "The secret is 42");
    }

    [Fact]
    public async Task A_caller_who_goes_away_is_no_error_of_ours()
    {
        var (waiting, gone) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var slow = await TestHost.Start(null, app => app.MapGroup("").AllowAnyone()
            .MapGet("/slow", async (HttpContext http, CancellationToken ct) =>
        {
            http.Response.OnCompleted(() => Task.FromResult(gone.TrySetResult()));
            waiting.SetResult();
            await new TaskCompletionSource().Task.WaitAsync(ct);
        }));
        using var leaving = new CancellationTokenSource();

        var call = slow.Http.GetAsync(new Uri("/slow", UriKind.Relative), leaving.Token);
        await waiting.Task.WaitAsync(Eventually.Deadline);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await gone.Task.WaitAsync(Eventually.Deadline);

        Assert.Empty(slow.Log.AtLeast(LogLevel.Warning));
    }

    [Fact]
    public async Task Something_of_ours_that_was_cancelled_is_not_blamed_on_the_caller()
    {
        using var answer = await Send("GET", "/cancelled");

        Assert.Equal((HttpStatusCode.InternalServerError, "internal-error"), (answer.StatusCode, Text(await Body(answer), "code")));
        Assert.Single(host.Log.AtLeast(LogLevel.Error));
    }

    [Fact]
    public async Task An_answer_that_has_begun_is_broken_off_instead_of_mixed_with_a_problem()
    {
        using var answer = await host.Http.GetAsync(new Uri("/half", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Each_code_is_written_in_kebab_case_and_has_one_meaning()
    {
        var meanings = new HashSet<(string Code, string Title)>();
        foreach (var status in Enumerable.Range(400, 200))
        {
            using var answer = await Send("GET", $"/status/{status}");
            var problem = await Body(answer);
            meanings.Add((Text(problem, "code"), Text(problem, "title")));
        }

        Assert.All(meanings, m => Assert.Matches("^[a-z]+(-[a-z]+)*$", m.Code));
        Assert.Equal(meanings.Count, meanings.Select(m => m.Code).Distinct().Count());
        Assert.Equal(meanings.Count, meanings.Select(m => m.Title).Distinct().Count());
        Assert.Equal(
            ["client-closed-request", "conflict", "headers-too-large", "insufficient-scope", "internal-error", "method-not-allowed", "not-found",
                "payload-too-large", "precondition-required", "rate-limited", "request-refused", "request-timeout", "unauthenticated",
                "unsupported-media-type", "upstream-unavailable", "validation", "version-conflict"],
            meanings.Select(m => m.Code).Order(StringComparer.Ordinal));
    }

    private static Task<TestHost> Start(string environment) => TestHost.Start(null, Map, $"environment={environment}");

    private static void Map(WebApplication app)
    {
        var anyone = app.MapGroup("").AllowAnyone();
        anyone.MapGet("/ok", () => "fine");
        anyone.MapMethods("/status/{code:int}", ["GET", "HEAD"], (int code) => TypedResults.StatusCode(code));
        anyone.MapMethods("/broken", ["GET", "HEAD"], string () => throw new NotSupportedException("The secret is 42"));
        anyone.MapGet("/upstream-away", string () => throw new HttpRequestException("Connection refused (10.0.0.7:5432)"));
        anyone.MapGet("/upstream-slow", string () => throw new TaskCanceledException("", new TimeoutException()));
        anyone.MapGet("/cancelled", string () => throw new OperationCanceledException());
        anyone.MapGet("/refused", () => TypedResults.Problem(
            "2026-09 was locked.", statusCode: 409, title: "The period is locked", type: Catalogue + "period-locked"));
        anyone.MapGet("/refused-by-code", () => TypedResults.Problem(
            "2026-09 was locked.", statusCode: 409, title: "The period is locked", type: "period-locked"));
        anyone.MapGet("/invalid", () => TypedResults.ValidationProblem(new Dictionary<string, string[]> { ["name"] = ["It is empty."] }));
        anyone.MapPost("/things", (Thing thing) => thing.Name);
        anyone.MapGet("/half", async (HttpContext http) =>
        {
            await http.Response.WriteAsync("one half");
            await http.Response.Body.FlushAsync();
            throw new NotSupportedException("The other half");
        });
    }

    private Task<HttpResponseMessage> Send(
        string method, string path, string? body = null, string type = "application/json", string? accept = null) =>
        Send(host, method, path, body, type, accept);

    private static async Task<HttpResponseMessage> Send(
        TestHost host, string method, string path, string? body = null, string type = "application/json", string? accept = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, type);
        if (accept is not null) request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse(accept));
        return await host.Http.SendAsync(request);
    }

    private static Task<JsonElement> Body(HttpResponseMessage answer) => answer.Content.ReadFromJsonAsync<JsonElement>();

    private static string Text(JsonElement problem, string name) => problem.GetProperty(name).GetString()!;

    private static int Number(JsonElement problem, string name) => problem.GetProperty(name).GetInt32();

    private static string RequestId(HttpResponseMessage answer) => answer.Headers.GetValues("Request-Id").Single();
}
