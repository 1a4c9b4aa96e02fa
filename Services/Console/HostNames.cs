using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.Extensions.Options;

namespace Allocora.Console;

/// <summary>Under which names the Console answers: a request for another host was not meant for us, or is meant to mislead.</summary>
internal static class HostNames
{
    private const string Setting = "AllowedHosts";
    private static readonly string[] OfThisMachine = ["localhost", "127.0.0.1", "[::1]"];

    public static void AddHostNames(this WebApplicationBuilder builder)
    {
        var names = builder.Configuration[Setting]?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        if (!builder.Environment.IsDevelopment() && (names.Length == 0 || names.Any(IsAny)))
            throw new OptionsValidationException(Setting, typeof(string),
                [$"{Setting} is not valid: give the host names people use, as allocora.example.com."]);
        builder.Services.Configure<HostFilteringOptions>(o =>
        {
            o.AllowedHosts = names.Length > 0 ? names : OfThisMachine;
            o.AllowEmptyHosts = false;
            o.IncludeFailureMessage = false; // a page of the framework's own
        });
        // The framework would ask it of every request; whoever probes the health inside knows no name of ours.
        builder.Services.Remove(builder.Services.Single(s => s.ImplementationType?.Name == "HostFilteringStartupFilter"));
    }

    public static void UseHostNames(this WebApplication app)
    {
        var inside = app.Services.GetRequiredService<IOptions<InternalOptions>>().Value.Port;
        app.UseWhen(http => http.Connection.LocalPort != inside, outside => outside.UseHostFiltering());
    }

    // As the framework reads them.
    private static bool IsAny(string name) => name is "*" or "[::]" or "0.0.0.0";
}
