using System.Diagnostics;
using Allocora.EventStore;
using Allocora.ServiceDefaults;

namespace Allocora.Ledger;

/// <summary>Who decides something here, as the log keeps it.</summary>
internal static class WhoAsks
{
    public static Origin Of(HttpContext http)
    {
        var caller = Caller.Of(http);
        return new(caller.Subject, Via: caller.Via, RequestId: Activity.Current?.TraceId.ToHexString() ?? http.TraceIdentifier, Ip: caller.Ip);
    }
}
