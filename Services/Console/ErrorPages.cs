using System.Diagnostics;
using Allocora.Console.Components;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Allocora.Console;

/// <summary>Shows a person what went wrong as a page. Programs, and everything under /api, get the problem document instead.</summary>
internal sealed partial class ErrorPages(RequestDelegate next, ILogger<ErrorPages> logger)
{
    private const string RequestIdHeader = "Request-Id", RetrySeconds = "5";

    public async Task Invoke(HttpContext http)
    {
        if (!IsForAPerson(http.Request))
        {
            await next(http);
            // A page that refused may have named a type for the body it then did not write; the problem document brings its own.
            if (IsBareError(http.Response)) http.Response.ContentType = null;
            return;
        }
        try
        {
            await next(http);
        }
        catch (Exception e) when (!http.Response.HasStarted && !http.RequestAborted.IsCancellationRequested)
        {
            if (WhyDatabaseIsAway(e) is { } reason)
            {
                NotAnswered(http.Request.Method, http.Request.Path, reason);
                http.Response.Headers.RetryAfter = RetrySeconds;
                await Render(http, StatusCodes.Status503ServiceUnavailable);
                return;
            }
            var status = (e as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status500InternalServerError;
            if (status >= 500) Failed(e, http.Request.Method, http.Request.Path);
            await Render(http, status);
            return;
        }
        if (IsBareError(http.Response)) await Render(http, http.Response.StatusCode);
    }

    private static bool IsForAPerson(HttpRequest request) =>
        !request.Path.StartsWithSegments("/api")
        && request.GetTypedHeaders().Accept.Any(accepted => accepted.MediaType == "text/html" && accepted.Quality is not 0);

    // A form's token is made with a key that may have to be read first, and then it comes wrapped.
    private static string? WhyDatabaseIsAway(Exception? e) => e switch
    {
        null => null,
        NpgsqlException { IsTransient: true } => e.Message,
        _ => WhyDatabaseIsAway(e.InnerException),
    };

    private static bool IsBareError(HttpResponse response) =>
        response is { HasStarted: false, StatusCode: >= 400, ContentLength: null or 0 };

    private static async Task Render(HttpContext http, int status)
    {
        var (requestId, allow, retryAfter) = (http.Response.Headers[RequestIdHeader], http.Response.Headers.Allow, http.Response.Headers.RetryAfter);
        http.Response.Clear();
        (http.Response.Headers[RequestIdHeader], http.Response.Headers.Allow, http.Response.Headers.RetryAfter) = (requestId, allow, retryAfter);

        // The services of the request may have begun to render the page that failed, and can render only once.
        await using var scope = http.RequestServices.CreateAsyncScope();
        http.RequestServices = scope.ServiceProvider;
        var refused = http.Features.Get<Refused>();
        var parameters = new
        {
            Status = status,
            RequestId = Activity.Current?.TraceId.ToHexString() ?? http.TraceIdentifier,
            refused?.Code,
            refused?.Detail,
        };
        await new RazorComponentResult<ErrorPage>(parameters) { StatusCode = status, PreventStreamingRendering = true }.ExecuteAsync(http);
    }

    [LoggerMessage(LogLevel.Warning, "{Method} {Path} cannot be answered: the database is away ({Reason})")]
    private partial void NotAnswered(string method, string path, string reason);

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed")]
    private partial void Failed(Exception e, string method, string path);
}

internal static class ErrorPagesRegistration
{
    public static void UseErrorPages(this WebApplication app) => app.UseMiddleware<ErrorPages>();
}
