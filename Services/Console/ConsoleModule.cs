using Allocora.EventStore;
using Allocora.ServiceDefaults;

namespace Allocora.Console;

/// <summary>The index of the service: what it needs, and its routes.</summary>
internal static class ConsoleModule
{
    public static readonly ServiceSchema Schema = new("console");

    public static void AddConsole(this WebApplicationBuilder builder)
    {
        builder.AddDatabase(Schema);
        builder.Services.AddValidated<HeadOptions>("Heads");
        builder.AddSignedHeads(Schema);
        builder.AddSecurityHeaders();
        builder.AddDataProtectionKeys();
        builder.AddPages();
        builder.AddStatusWatcher();
    }

    public static void MapConsole(this WebApplication app)
    {
        app.UseErrorPages();
        app.UseAssets();
        app.UseAntiforgery();
        app.MapPages();
        app.MapReadStatus();
    }
}
