using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox.Api;

/// <summary>What an endpoint answers: Paddle's envelope around an entity, a page or an error.</summary>
internal sealed record Answer(int Status, JsonNode? Data, JsonObject? Pagination = null) : IResult
{
    private static readonly string[] Shared =
    [
        "bad_gateway", "bad_request", "conflict", "entity_archived", "forbidden", "internal_error", "invalid_json", "invalid_time_query_parameter",
        "invalid_token", "invalid_url", "method_not_allowed", "not_found", "not_implemented", "request_body_too_large", "service_unavailable",
        "too_many_requests", "unsupported_media_type",
    ];

    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Answer Ok(JsonNode data) => new(200, data);

    public static Answer Created(JsonNode data) => new(201, data);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        if (Data is null)
        {
            httpContext.Response.StatusCode = Status;
            return;
        }
        var meta = Meta(httpContext);
        if (Pagination is not null) meta["pagination"] = Pagination;
        await Write(httpContext, Status, new JsonObject { ["data"] = Data, ["meta"] = meta });
    }

    public static Task Refuse(HttpContext http, Refused refused, string type)
    {
        if (refused.RetryAfter is { } seconds) http.Response.Headers.RetryAfter = $"{seconds}";
        var error = new JsonObject
        {
            ["type"] = type,
            ["code"] = refused.Code,
            ["detail"] = refused.Message,
            ["documentation_url"] = $"https://developer.paddle.com/v1/errors/{Family(http, refused)}/{refused.Code}",
        };
        if (refused.Errors.Count > 0)
            error["errors"] = new JsonArray([.. refused.Errors.Select(one => new JsonObject { ["field"] = one.Field, ["message"] = one.Message })]);
        return Write(http, refused.Status, new JsonObject { ["error"] = error, ["meta"] = Meta(http) });
    }

    private static string Family(HttpContext http, Refused refused)
    {
        var isShared = Shared.Contains(refused.Code) || refused.Code.StartsWith("authentication_", StringComparison.Ordinal);
        var resource = http.Request.Path.Value!.Split('/')[1];
        return isShared ? "shared" : resource == "notification-settings" ? "notifications" : resource;
    }

    private static JsonObject Meta(HttpContext http) => new() { ["request_id"] = http.TraceIdentifier };

    /// <summary>The text of an answer, as it goes over the wire.</summary>
    public static byte[] Bytes(JsonNode body)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Writing)) body.WriteTo(writer);
        return buffer.ToArray();
    }

    private static async Task Write(HttpContext http, int status, JsonObject body)
    {
        var bytes = Bytes(body);
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = bytes.Length;
        await http.Response.Body.WriteAsync(bytes, http.RequestAborted);
    }
}
