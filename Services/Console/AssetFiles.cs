using System.Security.Cryptography;

namespace Allocora.Console;

/// <summary>The files of wwwroot, addressed by what they contain, so that a browser may keep them for good.</summary>
internal sealed class AssetFiles(IWebHostEnvironment environment)
{
    private readonly Dictionary<string, string> versions = environment.WebRootFileProvider.GetDirectoryContents("")
        .Where(file => !file.IsDirectory)
        .ToDictionary(file => $"/{file.Name}", Version, StringComparer.Ordinal);

    public string Href(string path) => $"{path}?v={versions[path]}";

    public bool IsCurrent(HttpRequest request) =>
        versions.TryGetValue(request.Path.Value ?? "", out var version) && request.Query["v"] == version;

    private static string Version(Microsoft.Extensions.FileProviders.IFileInfo file)
    {
        using var content = file.CreateReadStream();
        return Convert.ToHexStringLower(SHA256.HashData(content))[..12];
    }
}

internal static class AssetFilesServing
{
    public static void UseAssets(this WebApplication app)
    {
        var assets = app.Services.GetRequiredService<AssetFiles>();
        app.UseStaticFiles(new StaticFileOptions
        {
            // An address without the right version may mean other content tomorrow: keep it, but ask by its ETag.
            OnPrepareResponse = file => file.Context.Response.Headers.CacheControl =
                assets.IsCurrent(file.Context.Request) ? "public, max-age=31536000, immutable" : "no-cache",
        });
    }
}
