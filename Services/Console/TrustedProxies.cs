using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;
using IPNetwork = System.Net.IPNetwork;

namespace Allocora.Console;

/// <summary>Whose word is taken for who is calling and how: of the proxies the settings name, and nobody else's.</summary>
internal static class TrustedProxies
{
    private const string Setting = "Gateway:TrustedProxies";

    public static void AddTrustedProxies(this WebApplicationBuilder builder)
    {
        var networks = builder.Configuration.GetSection(Setting).GetChildren().Select(Network).ToList();
        builder.Services.Configure<ForwardedHeadersOptions>(o =>
        {
            o.ForwardedHeaders = networks.Count > 0 ? ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto : ForwardedHeaders.None;
            o.KnownProxies.Clear();
            o.KnownIPNetworks.Clear();
            foreach (var network in networks) o.KnownIPNetworks.Add(network);
            // As far as trusted proxies reach; the first address that is none of theirs is the caller.
            o.ForwardLimit = null;
        });
    }

    private static IPNetwork Network(IConfigurationSection setting)
    {
        if (IPNetwork.TryParse(setting.Value, out var network)) return network;
        var key = setting.Path.Replace(":", "__", StringComparison.Ordinal);
        throw new OptionsValidationException(key, typeof(string), [$"{key} is not valid: give the proxies' network, as 10.0.0.0/24."]);
    }
}
