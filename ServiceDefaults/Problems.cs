using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Allocora.ServiceDefaults;

/// <param name="At">Where in the body, as a JSON pointer in a fragment: <c>#/members/0/role</c>.</param>
public sealed record FieldError([property: JsonPropertyName("pointer")] string At, string Message);

/// <summary>Every error an HTTP caller can meet, as RFC 9457 problem details with a stable code.</summary>
public static class Problems
{
    private const string Catalogue = "https://docs.allocora.dev/problems/";

    internal static void AddProblems(this IServiceCollection services)
    {
        // Ahead of the framework's own writer, which says nothing of ours to a caller who accepts only HTML.
        services.AddSingleton<IProblemDetailsWriter, Writer>();
        services.AddProblemDetails();
        // Outside of development the framework would not say what is bad about a request.
        services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
    }

    internal static void UseProblems(this WebApplication app)
    {
        app.Use((http, next) =>
        {
            var id = RequestId(http);
            // Not at once: error handling begins by clearing the headers.
            http.Response.OnStarting(() =>
            {
                http.Response.Headers["Request-Id"] = id;
                return Task.CompletedTask;
            });
            return next(http);
        });
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            StatusCodeSelector = StatusOf,
            // The caller's mistake is told to the caller; the log would call it an error of ours.
            SuppressDiagnosticsCallback = context => context.Exception is BadHttpRequestException,
            ExceptionHandler = http =>
            {
                var error = http.Features.Get<IExceptionHandlerFeature>()?.Error;
                var problem = new ProblemDetails { Status = http.Response.StatusCode, Detail = DetailOf(error) };
                if (error is BadHttpRequestException { InnerException: JsonException json })
                    problem.Extensions["errors"] = new[] { new FieldError(StrictJson.PointerOf(json), StrictJson.WhatIsWrong(json)) };
                return Write(http, problem);
            },
        });
        app.UseStatusCodePages(context =>
        {
            var refused = context.HttpContext.Features.Get<Refused>();
            return Write(context.HttpContext, new() { Status = context.HttpContext.Response.StatusCode, Type = refused?.Code, Detail = refused?.Detail });
        });
    }

    /// <summary>A refusal with a code of its own.</summary>
    public static ProblemHttpResult Refuse(int status, string code, string detail) =>
        TypedResults.Problem(new ProblemDetails { Status = status, Type = code, Detail = detail });

    /// <summary>The request can be read and makes no sense: which fields, and what to do about each.</summary>
    public static ProblemHttpResult Invalid(params IReadOnlyList<FieldError> errors) => TypedResults.Problem(new ProblemDetails
    {
        Status = StatusCodes.Status400BadRequest,
        Detail = errors[0].Message,
        Extensions = { ["errors"] = errors },
    });

    /// <summary>Adds what every problem carries: the code and its address, the trace id, whether trying again can help.</summary>
    private static void Complete(HttpContext http, ProblemDetails problem)
    {
        var status = problem.Status ?? http.Response.StatusCode;
        var (code, title) = Meaning(status);
        if (OwnCode(problem.Type) is { } own) code = own;
        else problem.Title = title;
        problem.Title ??= title;
        problem.Type = Catalogue + code;
        problem.Status = status;
        // Nothing is said about what the caller may not know of, not even its own words.
        if (status is not (StatusCodes.Status401Unauthorized or StatusCodes.Status404NotFound
            or StatusCodes.Status405MethodNotAllowed or StatusCodes.Status415UnsupportedMediaType)) problem.Instance ??= http.Request.Path;
        problem.Extensions["code"] = code;
        problem.Extensions["requestId"] = RequestId(http);
        problem.Extensions["retryable"] = status is 408 or 429 or 502 or 503 or 504;
    }

    // A code may come bare or as its address; any other address is the one the framework fills in for the status.
    private static string? OwnCode(string? type) => type switch
    {
        null => null,
        _ when type.StartsWith(Catalogue, StringComparison.Ordinal) => type[Catalogue.Length..],
        _ => type.Contains(':', StringComparison.Ordinal) ? null : type,
    };

    private static string RequestId(HttpContext http) => Activity.Current?.TraceId.ToHexString() ?? http.TraceIdentifier;

    // A caller who went away is not among them: the framework answers that itself, with 499 and no error in the log.
    private static int StatusOf(Exception e) => e switch
    {
        BadHttpRequestException bad => bad.StatusCode,
        HttpRequestException { StatusCode: null } => StatusCodes.Status502BadGateway,
        TaskCanceledException { InnerException: TimeoutException } => StatusCodes.Status504GatewayTimeout,
        _ => StatusCodes.Status500InternalServerError,
    };

    // What a bad request says about itself is meant for the caller; any other exception is ours, and only the log gets it.
    private static string? DetailOf(Exception? e) => e switch
    {
        BadHttpRequestException { InnerException: JsonException json } =>
            $"The JSON cannot be read at {json.Path}, line {json.LineNumber + 1}.",
        // What the framework says here is advice to whoever wrote the route.
        BadHttpRequestException bad when bad.Message.StartsWith("Implicit body", StringComparison.Ordinal) => "Send a JSON body.",
        BadHttpRequestException bad => bad.Message,
        _ => null,
    };

    private static Task Write(HttpContext http, ProblemDetails problem)
    {
        Complete(http, problem);
        http.Response.StatusCode = problem.Status!.Value;
        // By its own type, for the fields of a validation problem. Without a token it ends quietly when the caller has gone.
        return http.Response.WriteAsJsonAsync(problem, problem.GetType(), options: null, "application/problem+json");
    }

    private sealed class Writer : IProblemDetailsWriter
    {
        public bool CanWrite(ProblemDetailsContext context) => true;

        public ValueTask WriteAsync(ProblemDetailsContext context) => new(Write(context.HttpContext, context.ProblemDetails));
    }

    private static (string Code, string Title) Meaning(int status) => status switch
    {
        400 => ("validation", "The request is not valid"),
        401 => ("unauthenticated", "Sign in first"),
        403 => ("insufficient-scope", "This needs a permission you do not have"),
        404 => ("not-found", "There is nothing here"),
        405 => ("method-not-allowed", "This address does not take that method"),
        408 => ("request-timeout", "The request took too long to arrive"),
        409 => ("conflict", "This contradicts what is already there"),
        412 => ("version-conflict", "It has changed since you read it"),
        413 => ("payload-too-large", "The request is too large"),
        415 => ("unsupported-media-type", "Send this as JSON"),
        428 => ("precondition-required", "Say which version you mean"),
        429 => ("rate-limited", "Too many requests"),
        431 => ("headers-too-large", "The request's headers are too large"),
        499 => ("client-closed-request", "The caller went away"),
        502 or 503 or 504 => ("upstream-unavailable", "A part of the system does not answer"),
        >= 500 => ("internal-error", "Something went wrong here"),
        _ => ("request-refused", "The request was refused"),
    };
}
