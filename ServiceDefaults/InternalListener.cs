using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Allocora.ServiceDefaults;

/// <summary>
/// A host whose address is public gets a second port for health and version, and its public one answers 404 for them.
/// Without a port, the host has one address and serves both there.
/// </summary>
public sealed class InternalOptions
{
    [Range(1, 65535)] public int? Port { get; init; }
}

internal sealed class InternalEndpoint;

internal static class InternalListener
{
    public static void AddInternalListener(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidated<InternalOptions>("Internal");
        var addresses = Addresses(builder.Configuration);
        // What is not a number here is reported by the validation, like every other setting.
        if (!int.TryParse(builder.Configuration["Internal:Port"], out var port)) return;
        builder.WebHost.UseUrls([.. addresses.Select(a => $"{a}"), $"http://{addresses[0].Host}:{port}"]);
    }

    private static BindingAddress[] Addresses(ConfigurationManager configuration)
    {
        const StringSplitOptions tidy = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        var urls = configuration[WebHostDefaults.ServerUrlsKey]?.Split(';', tidy);
        // A container image may name only its ports, and naming addresses turns those off.
        urls ??= configuration[WebHostDefaults.HttpPortsKey]?.Split(';', tidy).Select(p => $"http://*:{p}").ToArray();
        try
        {
            return urls is null or [] ? [BindingAddress.Parse("http://127.0.0.1:5000")] : Array.ConvertAll(urls, BindingAddress.Parse);
        }
        catch (FormatException e)
        {
            throw new OptionsValidationException(WebHostDefaults.ServerUrlsKey, typeof(string), [$"ASPNETCORE_URLS is not valid: {e.Message}"]);
        }
    }

    /// <summary>Decides by the port a request came in on; its Host header is the caller's to choose.</summary>
    public static void UseInternalListener(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<InternalOptions>>().Value.Port is not { } port) return;
        app.Use((http, next) =>
        {
            // By its path as well: for another method than GET the framework answers with an endpoint of its own.
            var isInternal = http.GetEndpoint()?.Metadata.GetMetadata<InternalEndpoint>() is not null
                || http.Request.Path.StartsWithSegments("/healthz") || http.Request.Path.Value is "/version" or "/endpoints";
            if (isInternal == (http.Connection.LocalPort == port)) return next(http);
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });
    }
}
