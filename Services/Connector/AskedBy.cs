using System.Diagnostics;
using Allocora.EventStore;
using Allocora.ServiceDefaults;

namespace Allocora.Connector;

/// <summary>Who asks, from where, and under which name if the caller gave the command one.</summary>
internal sealed record AskedBy(string Person, Origin Origin, string? Command)
{
    private const int NameMax = 255;

    public static AskedBy Of(HttpContext http)
    {
        var caller = Caller.Of(http);
        var name = http.Request.Headers["Idempotency-Key"] is [{ Length: > 0 and <= NameMax } given] ? given : null;
        return new(
            caller.Subject,
            new(Actor: caller.Subject, Via: caller.Via, RequestId: Activity.Current?.TraceId.ToHexString() ?? http.TraceIdentifier, Ip: caller.Ip),
            name is null ? null : $"{http.Request.Method} {http.Request.Path} {caller.Subject} {name}");
    }
}
