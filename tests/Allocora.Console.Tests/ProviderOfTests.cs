using System.Net;
using System.Net.Sockets;
using Allocora.Testing;

namespace Allocora.Console.Tests;

/// <summary>The identity provider of tests/OidcProvider.</summary>
internal static class ProviderOfTests
{
    public static async Task<ChildProgram> Start(int port, string redirect)
    {
        var folder = Path.Combine(Repository.Root, "tests", "OidcProvider");
        var paths = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator);
        if (!paths.Any(p => File.Exists(Path.Combine(p, "node"))))
            throw new InvalidOperationException("Node is missing: install nodejs and npm, or let ./allocora test --yes do it.");
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "oidc-provider")))
            throw new InvalidOperationException("The provider of the tests is missing: run npm ci in tests/OidcProvider, as ./allocora test does.");

        var program = await ChildProgram.Start("oidc-provider", "node", folder, new Dictionary<string, string>(), "provider.mjs", $"{port}", redirect);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var discovery = new Uri($"http://127.0.0.1:{port}/.well-known/openid-configuration");
        await Eventually.Sees(ct => http.GetAsync(discovery, ct), answer => answer.IsSuccessStatusCode);
        return program;
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
