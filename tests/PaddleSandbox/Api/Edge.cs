using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Api;

/// <summary>What every call of the API goes through: request id and date, the key, and errors in Paddle's envelope.</summary>
internal static class Edge
{
    public static void UseEdge(this WebApplication app, Account account)
    {
        app.UseRouting();
        app.Use(async (http, next) =>
        {
            http.TraceIdentifier = RequestId();
            http.Response.Headers["Request-Id"] = http.TraceIdentifier;
            http.Response.Headers.Date = Instants.Time(account.Clock.Now).ToString("R");
            try
            {
                CheckVersion(http);
                Access.Check(http, account);
                if (http.GetEndpoint() is null) throw new Refused(404, "invalid_url", "There is nothing at this address.");
                await next(http);
            }
            catch (Refused refused)
            {
                await Answer.Refuse(http, refused, refused.Status == 429 ? account.Choices.TooManyType : refused.Status >= 500 ? "api_error" : "request_error");
            }
        });
    }

    private static void CheckVersion(HttpContext http)
    {
        if (http.Request.Headers["Paddle-Version"] is { Count: > 0 } version && version != "1")
            throw new Refused(400, "bad_request", "Invalid request.", new FieldError("Paddle-Version", "must be 1"));
    }

    // Only a name for a call: chance that need not be the same twice.
    private static string RequestId() => Guid.NewGuid().ToString();
}
