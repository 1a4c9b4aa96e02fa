using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Allocora.Console;

/// <summary>
/// Writes the path a service is asked for from what the route was found to mean, not from what the caller wrote: whatever a
/// service would read another way, this one has no room for.
/// </summary>
internal static class UpstreamPath
{
    // After decoding: a slash still encoded, a second encoding, and the signs by which servers differ.
    private static readonly SearchValues<char> Ambiguous = SearchValues.Create("/\\%;");

    /// <returns>Null when a segment could be read in more than one way.</returns>
    public static string? Of(RoutePattern route, RouteValueDictionary values)
    {
        var path = new StringBuilder();
        foreach (var segment in route.PathSegments)
        {
            var parts = segment.Parts[0] switch
            {
                RoutePatternLiteralPart literal => [literal.Content],
                RoutePatternParameterPart { IsCatchAll: true } rest => (values[rest.Name] as string) is { Length: > 0 } text ? text.Split('/') : [],
                RoutePatternParameterPart parameter => [values[parameter.Name] as string ?? ""],
                _ => new[] { "" },
            };
            foreach (var part in parts)
            {
                if (!IsPlain(part)) return null;
                path.Append('/').Append(Uri.EscapeDataString(part));
            }
        }
        return path.ToString();
    }

    private static bool IsPlain(string segment) =>
        segment is not ("" or "." or "..") && !segment.AsSpan().ContainsAny(Ambiguous) && !segment.Any(char.IsControl);
}
