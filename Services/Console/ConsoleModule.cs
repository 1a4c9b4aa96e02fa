using Allocora.EventStore;
using Allocora.ServiceDefaults;

namespace Allocora.Console;

/// <summary>The index of the service: what it needs, and its routes.</summary>
internal static class ConsoleModule
{
    /// <summary>The services behind the gateway.</summary>
    public static readonly IReadOnlyList<string> Services = ["connector", "ledger", "calculation", "statements"];

    public static readonly ServiceSchema Schema = new("console", typeof(ConsoleModule).Assembly)
    {
        OtherRoles = [.. Services.Select(service => $"console_inner_{service}")],
    };

    public static void AddConsole(this WebApplicationBuilder builder)
    {
        builder.AddDatabase(Schema);
        builder.AddSignedHeads(Schema);
        builder.Services.AddSingleton(ConsoleEvents.Catalog);
        builder.Services.AddSingleton<Memberships>();
        builder.Services.AddSingleton(provider => new Journal(
            provider.GetRequiredKeyedService<Npgsql.NpgsqlDataSource>("console_worker"), ConsoleEvents.Catalog, provider.GetRequiredService<TimeProvider>()));
        builder.AddPeople();
        builder.AddSignIn();
        builder.AddSecurityHeaders();
        builder.AddPages();
        builder.AddStatusWatcher();
    }

    public static void MapConsole(this WebApplication app)
    {
        app.UseErrorPages();
        app.UseAssets();
        app.UseAuthentication();
        app.UseSignInGate();
        app.UseAccess();
        app.UseRequestTokens();
        app.MapPages();
        app.MapSignIn();
        app.MapReadStatus();
    }
}
