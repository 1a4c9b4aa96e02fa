using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Allocora.Console;

/// <summary>Marks a route some of whose requests bring files, which may be larger than anything else.</summary>
internal sealed record TakesFiles(string Pattern)
{
    private static readonly HashSet<string> Types = new(["multipart/form-data", "text/csv"], StringComparer.OrdinalIgnoreCase);

    public const int BodyMax = 50 * 1024 * 1024;

    /// <summary>Before anybody reads the body.</summary>
    public static Task Admit(HttpContext http, RequestDelegate next)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<TakesFiles>() is { } route && route.Fits(http.Request)
            && http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = BodyMax;
        return next(http);
    }

    private bool Fits(HttpRequest request) => IsFile(request.ContentType) && (Pattern, request.Method, request.RouteValues["rest"] as string) switch
    {
        ("reconciliations", "POST", null or "") or ("product-mappings", "PUT", null or "") => true,
        (_, "POST", { } rest) => rest == "imports" || rest.EndsWith("/imports", StringComparison.Ordinal),
        _ => false,
    };

    private static bool IsFile(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type) && Types.Contains(type.MediaType.ToString());
}
