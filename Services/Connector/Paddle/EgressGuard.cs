using System.Net;
using System.Net.Sockets;

namespace Allocora.Connector;

/// <summary>Whoever was to be called is somewhere calls do not go.</summary>
internal sealed class AddressRefusedException() : IOException("The address is not a public one.");

/// <summary>
/// Lets connections go to public addresses only, whatever a name resolves to, and to the servers that configuration names. The address it has
/// checked is the one it connects to: a name that means something else a moment later changes nothing.
/// </summary>
internal sealed class EgressGuard(PaddleOptions options)
{
    // https://www.iana.org/assignments/iana-ipv4-special-registry
    private static readonly IPNetwork[] Special4 =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
            "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        }.Select(IPNetwork.Parse),
    ];

    // https://www.iana.org/assignments/iana-ipv6-special-registry, as far as it is part of what is given out.
    private static readonly IPNetwork[] Special6 =
        [.. new[] { "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20" }.Select(IPNetwork.Parse)];

    private static readonly IPNetwork GivenOut = IPNetwork.Parse("2000::/3"), Translated = IPNetwork.Parse("64:ff9b::/96");

    private static readonly HttpRequestOptionsKey<bool> Connected = new("allocora.connected");

    /// <summary>Whether the address belongs to somebody on the internet.</summary>
    public static bool IsPublic(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork) return !Array.Exists(Special4, one => one.Contains(address));
        if (address.IsIPv4MappedToIPv6) return false; // before the networks are asked, which take some of them for their own
        // The way to IPv4 out of a network that has only IPv6; what matters is where it leads.
        if (Translated.Contains(address)) return IsPublic(new IPAddress(address.GetAddressBytes().AsSpan(12)));
        return GivenOut.Contains(address) && !Array.Exists(Special6, one => one.Contains(address));
    }

    public async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        // The handler would quietly send a call again when a connection ends without an answer. It is for others to decide that.
        if (context.InitialRequestMessage.Options.TryGetValue(Connected, out _)) throw new IOException("The connection ended before there was an answer.");
        context.InitialRequestMessage.Options.Set(Connected, true);
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, ct);
        if (addresses.Length == 0) throw new SocketException((int)SocketError.HostNotFound);
        // A name that leads inwards as well as outwards is nobody's honest name.
        if (!options.IsConfigured(host, port) && !Array.TrueForAll(addresses, IsPublic)) throw new AddressRefusedException();

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (Exception)
        {
            socket.Dispose();
            throw;
        }
    }
}
