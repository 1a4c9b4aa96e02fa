using System.Diagnostics;
using Allocora.Contracts.Events;
using Allocora.EventStore;

namespace Allocora.Console;

/// <summary>Keeps account of the files that leave through the gateway.</summary>
internal sealed class Downloads(Journal journal)
{
    public const string Stream = "downloads";

    public static bool Is(HttpContext http, HttpResponseMessage response) =>
        HttpMethods.IsGet(http.Request.Method) && response.IsSuccessStatusCode
        && response.Content.Headers.ContentDisposition is { DispositionType: var kind }
        && string.Equals(kind, "attachment", StringComparison.OrdinalIgnoreCase);

    /// <summary>Before the first byte: a file that nobody can account for is not handed out, and one broken off near its end is accounted for.</summary>
    public Task Record(Forwarding request, CancellationToken ct) => journal.Record(
        request.Workspace ?? Journal.Platform, Stream, new Downloaded(request.Path, request.Service),
        new Origin(Actor: request.Caller.Subject, Via: request.Caller.Via, RequestId: Activity.Current?.TraceId.ToHexString(), Ip: request.Caller.Ip), ct);
}
