using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;

namespace Allocora.PaddleSandbox.Control;

/// <summary>What every call of the control API goes through: only its errors, in a shape of their own.</summary>
internal static class ControlEdge
{
    public static void UseControlEdge(this WebApplication app)
    {
        app.UseRouting();
        app.Use(async (http, next) =>
        {
            try
            {
                if (http.GetEndpoint() is null) throw new Refused(404, "not_found", "There is nothing at this address.");
                await next(http);
            }
            catch (Refused refused)
            {
                await Refuse(http, refused.Status, refused.Code, Detail(refused));
            }
            catch (Exception broken) when (!http.Response.HasStarted && !http.RequestAborted.IsCancellationRequested)
            {
                await Console.Error.WriteLineAsync($"{http.Request.Method} {http.Request.Path}: {broken}");
                await Refuse(http, 500, "internal_error", $"Something went wrong in the sandbox: {broken.Message}");
            }
        });
    }

    /// <summary>The body of a call that has to have one.</summary>
    public static async Task<JsonNode> Json(this HttpContext http) => await Body.Json(http) ?? throw new Refused(400, "invalid_json", "The body is null.");

    public static async Task<JsonObject> Fields(this HttpContext http) =>
        await http.Json() as JsonObject ?? throw new Refused(400, "bad_request", "The body has to be an object.");

    public static Task Say(this HttpContext http, JsonNode json, int status = 200)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        return http.Response.Body.WriteAsync(Answer.Bytes(json), http.RequestAborted).AsTask();
    }

    private static Task Refuse(HttpContext http, int status, string code, string detail) =>
        http.Say(new JsonObject { ["error"] = new JsonObject { ["code"] = code, ["detail"] = detail } }, status is 404 or 500 ? status : 400);

    private static string Detail(Refused refused) =>
        refused.Errors.Count == 0 ? refused.Message : string.Join("; ", refused.Errors.Select(one => $"{one.Field} {one.Message}".TrimStart()));
}
