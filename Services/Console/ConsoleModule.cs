using Allocora.EventStore;
using Allocora.ServiceDefaults;

namespace Allocora.Console;

/// <summary>The index of the service: what it needs, and its routes.</summary>
internal static class ConsoleModule
{
    /// <summary>The services behind the gateway.</summary>
    public static readonly IReadOnlyList<string> Services = ["connector", "ledger", "calculation", "statements"];

    public static readonly ServiceSchema Schema = new(
        "console", [AccessProjection.Latest, SubscriberProjection.Latest, .. AuditTrail.Projections], typeof(ConsoleModule).Assembly)
    {
        OtherRoles = [.. Services.Select(service => $"console_inner_{service}")],
    };

    public static void AddConsole(this WebApplicationBuilder builder)
    {
        builder.AddDatabase(Schema);
        builder.Services.AddValidated<HeadOptions>("Heads");
        builder.AddSignedHeads(Schema);
        builder.Services.AddSingleton(ConsoleEvents.Catalog);
        builder.AddProjections(Schema);
        builder.AddAudit();
        builder.AddLimits();
        builder.AddTrustedProxies();
        builder.AddHostNames();
        builder.AddWorkspaces();
        builder.AddSubscribers();
        builder.AddPeople();
        var callers = builder.AddCallers();
        callers.AddKeys();
        builder.AddSignIn(callers);
        builder.AddGateway();
        builder.AddIdempotency();
        builder.AddSecurityHeaders();
        builder.AddPages();
        builder.AddStatusWatcher();
    }

    public static void MapConsole(this WebApplication app)
    {
        app.UseForwardedHeaders();
        app.UseHostNames();
        app.UseErrorPages();
        app.UseAssets();
        app.UseHttpsOnly();
        app.UseDoor();
        app.UseRequestTokens();
        app.UseGateway();
        app.UseIdempotency();
        app.MapPages();
        app.MapForms();
        app.MapSignIn();
        app.MapReadStatus();
        app.MapReadProviderObject();
        app.MapGateway();
        app.MapAudit();
        app.MapWorkspaces();
        ManageSubscribers.Map(app);
    }
}
