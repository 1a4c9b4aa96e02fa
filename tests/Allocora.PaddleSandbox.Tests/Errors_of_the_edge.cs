using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox;

/// <summary>What is refused before anything is looked up: status, type, code, and the field where there is one.</summary>
public sealed class Errors_of_the_edge : IAsyncLifetime
{
    private Running sandbox = null!;

    public async Task InitializeAsync() => sandbox = await Running.With("--transactions", "0");

    public async Task DisposeAsync() => await sandbox.DisposeAsync();

    [Theory]
    [InlineData("", 403, "authentication_missing")]
    [InlineData("Basic abc", 403, "authentication_malformed")]
    [InlineData("Bearer", 403, "authentication_malformed")]
    [InlineData("Bearer a b", 403, "authentication_malformed")]
    [InlineData("Bearer pdl_sdbx_apikey_01gtgztp8f4kek3yd4g1wrksa3_q6TGTJyvoIz7LDtXT65bX7_AQO", 403, "invalid_token")]
    [InlineData("Bearer pdl_live_apikey_01gtgztp8f4kek3yd4g1wrksa3_q6TGTJyvoIz7LDtXT65bX7_AQO", 403, "invalid_token")]
    public async Task A_caller_who_is_nobody_is_refused(string authorization, int status, string code)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/products");
        request.Headers.TryAddWithoutValidation("Authorization", authorization);

        await Refused(request, status, code, withKey: false);
    }

    [Theory]
    [InlineData("GET", "/nowhere", null, 404, "invalid_url", null)]
    [InlineData("DELETE", "/products", null, 405, "method_not_allowed", null)]
    [InlineData("PUT", "/events", "{}", 405, "method_not_allowed", null)]
    [InlineData("POST", "/products", "{\"name\":", 400, "invalid_json", null)]
    [InlineData("POST", "/products", "[]", 400, "bad_request", "")]
    [InlineData("GET", "/products/pro_00000000000000000000000000", null, 404, "not_found", null)]
    [InlineData("GET", "/notifications/ntf_00000000000000000000000000", null, 404, "not_found", null)]
    [InlineData("GET", "/events?colour=red", null, 400, "bad_request", "colour")]
    [InlineData("GET", "/events?after=txn_1", null, 400, "bad_request", "after")]
    [InlineData("GET", "/events?per_page=none", null, 400, "bad_request", "per_page")]
    [InlineData("GET", "/events?order_by=name", null, 400, "bad_request", "order_by")]
    [InlineData("GET", "/notifications?to=soon", null, 400, "invalid_time_query_parameter", "to")]
    public async Task A_call_that_cannot_be_is_refused(string method, string path, string? body, int status, string code, string? field)
    {
        using var request = new HttpRequestMessage(HttpMethod.Parse(method), path);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");

        var error = await Refused(request, status, code);

        Assert.Equal(field, (string?)error["errors"]?[0]?["field"]);
    }

    [Fact]
    public async Task Only_JSON_is_taken()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/products") { Content = new StringContent("name=x", Encoding.UTF8, "text/plain") };

        await Refused(request, 415, "unsupported_media_type");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_more_than_a_megabyte_is_taken(bool isChunked)
    {
        var body = new StringContent($$"""{"name":"{{new string('x', 1 << 20)}}"}""", Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/products") { Content = body };
        request.Headers.TransferEncodingChunked = isChunked;

        await Refused(request, 413, "request_body_too_large");
    }

    [Fact]
    public async Task Another_version_is_refused_and_the_first_is_not()
    {
        using var second = new HttpRequestMessage(HttpMethod.Get, "/products");
        second.Headers.Add("Paddle-Version", "2");
        using var first = new HttpRequestMessage(HttpMethod.Get, "/products");
        first.Headers.Add("Paddle-Version", "1");

        await Refused(second, 400, "bad_request");
        using var taken = await sandbox.Http.SendAsync(first);

        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
    }

    [Fact]
    public async Task What_breaks_inside_is_an_internal_error_with_the_id_of_the_request()
    {
        sandbox.Sandbox.Account.Told = (_, _, _) => throw new NotSupportedException("It broke, as this test wants.");
        var body = new StringContent("""{"name":"x","tax_category":"saas"}""", Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/products") { Content = body };

        await Refused(request, 500, "internal_error", type: "api_error");
    }

    [Fact]
    public async Task The_address_book_needs_no_key_and_the_currencies_know_their_places()
    {
        using var nobody = sandbox.As(null);

        var addresses = await sandbox.Send(HttpMethod.Get, "/ips", null, HttpStatusCode.OK, nobody);
        var currencies = (await sandbox.Get("/currencies"))["data"]!.AsArray().Select(one => one!.AsObject()).ToDictionary(one => (string)one["code"]!);

        Assert.Matches(@"^\d+\.\d+\.\d+\.\d+/32$", (string)addresses["data"]!["ipv4_cidrs"]![0]!);
        Assert.Equal(33, currencies.Count);
        Assert.Equal((0, false), ((int)currencies["JPY"]["decimal_places"]!, (bool)currencies["JPY"]["can_be_balance"]!));
        Assert.Equal((2, true), ((int)currencies["GBP"]["decimal_places"]!, (bool)currencies["GBP"]["can_be_balance"]!));
    }

    private async Task<JsonObject> Refused(HttpRequestMessage request, int status, string code, bool withKey = true, string type = "request_error")
    {
        if (withKey) request.Headers.Authorization = new AuthenticationHeaderValue("bearer", sandbox.Sandbox.Key);
        using var caller = sandbox.As(null);
        using var response = await caller.SendAsync(request);
        var body = JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();
        var error = body.Of("error");
        Assert.Equal((status, type, code), ((int)response.StatusCode, (string)error["type"]!, (string)error["code"]!));
        Assert.EndsWith("/" + code, (string)error["documentation_url"]!);
        Assert.Equal(response.Headers.GetValues("Request-Id").Single(), (string)body["meta"]!["request_id"]!);
        return error;
    }
}
