using System.Net;
using System.Text.RegularExpressions;

namespace Allocora.Console;

/// <summary>The headers that go through the gateway. What is not named here does not, above all no credential and no address.</summary>
internal static partial class PassedHeaders
{
    public const string PaddleSignature = "Paddle-Signature";

    /// <summary>How long a body is, and that it has one, the framework says for itself.</summary>
    public static readonly IReadOnlyList<string> OfRequests =
    [
        "Accept", "Accept-Language", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "If-Modified-Since", "Last-Event-ID", "Range",
    ];

    public static readonly IReadOnlyList<string> OfWebhooks = ["Content-Type", PaddleSignature];

    private static readonly string[] OfAnswers =
    [
        "Accept-Ranges", "Allow", "Cache-Control", "Content-Disposition", "Content-Language", "Content-Range", "Content-Type", "Deprecation", "ETag",
        "Idempotency-Replayed", "Last-Modified", "Retry-After", "Sunset",
    ];

    /// <returns>False when a value cannot be sent on as it came.</returns>
    public static bool Copy(HttpRequest from, HttpRequestMessage to, IReadOnlyList<string> allowed)
    {
        var dropped = from.Headers.Connection.SelectMany(Tokens).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var name in allowed.Where(name => !dropped.Contains(name)))
        {
            if (!from.Headers.TryGetValue(name, out var values)) continue;
            if (!values.All(IsPlain)) return false;
            if (!to.Headers.TryAddWithoutValidation(name, values.AsEnumerable())) to.Content?.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
        }
        return true;
    }

    /// <param name="service">Where the answer comes from: what it says lies there, lies at our address for the caller.</param>
    public static void Copy(HttpResponseMessage from, HttpResponse to, Uri service)
    {
        var dropped = from.Headers.Connection.ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var name in OfAnswers.Where(name => !dropped.Contains(name)))
            if (ValuesOf(from, name) is { } values)
                to.Headers[name] = values;
        if (!dropped.Contains("Location") && ValuesOf(from, "Location") is [var location] && Ours(location, service) is { } here) to.Headers.Location = here;
        if (!dropped.Contains("Link") && ValuesOf(from, "Link") is { } links && Links(links, service) is { } known) to.Headers.Link = known;
        if (from.StatusCode is not (HttpStatusCode.NoContent or HttpStatusCode.NotModified))
            to.ContentLength = from.Content.Headers.ContentLength;
    }

    /// <summary>An address as the caller of the gateway may follow it; null when it leads elsewhere.</summary>
    internal static string? Ours(string address, Uri service)
    {
        if (address.Contains('\\', StringComparison.Ordinal) || address.StartsWith("//", StringComparison.Ordinal)) return null;
        if (address.StartsWith('/') || !address.Contains(':', StringComparison.Ordinal)) return address;
        return Uri.TryCreate(address, UriKind.Absolute, out var absolute)
            && absolute.GetLeftPart(UriPartial.Authority) == service.GetLeftPart(UriPartial.Authority)
            ? Ours(absolute.PathAndQuery + absolute.Fragment, service)
            : null;
    }

    // One that leads elsewhere takes the others with it: where it ends and the next begins is the service's to say.
    private static string? Links(string[] values, Uri service)
    {
        var all = string.Join(", ", values);
        return Target().Matches(all).All(m => Ours(m.Groups[1].Value, service) is not null)
            ? Target().Replace(all, m => $"<{Ours(m.Groups[1].Value, service)}>")
            : null;
    }

    private static string[]? ValuesOf(HttpResponseMessage from, string name)
    {
        var values = from.Headers.NonValidated.TryGetValues(name, out var found) || from.Content.Headers.NonValidated.TryGetValues(name, out found)
            ? found.ToArray()
            : [];
        return values.Length > 0 && values.All(IsPlain) ? values : null;
    }

    private static IEnumerable<string> Tokens(string? value) =>
        (value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static bool IsPlain(string? value) => value is not null && value.All(c => c is >= ' ' and <= '~' or '\t');

    [GeneratedRegex("<([^>]*)>")]
    private static partial Regex Target();
}
