using Allocora.EventStore;
using Allocora.Messaging;
using Allocora.ServiceDefaults;

namespace Allocora.Connector;

/// <summary>The index of the service: what it needs, and its routes.</summary>
internal static class ConnectorModule
{
    public static readonly ServiceSchema Schema = new("connector", typeof(Broker).Assembly, typeof(ConnectorModule).Assembly);

    public static void AddConnector(this WebApplicationBuilder builder)
    {
        builder.AddDatabase(Schema);
        builder.Services.AddValidated<HeadOptions>("Heads");
        builder.AddSignedHeads(Schema);
        builder.AddBroker("rabbitmq", "connector");
        builder.AddLogOf("ledger", isVital: false);
        builder.AddGatewayKeys();
        builder.AddInnerTokens("connector", KeyTable.OfGateway);
        builder.AddPaddle();
        builder.AddVault();
        builder.AddSources();
        builder.AddWebhooks();
        builder.AddSync();
        builder.Services.AddSingleton<SkippedCommands>();
        builder.Services.AddHostedService<Figures>();
        builder.Services.AddSingleton<CompareReports>().AddHostedService(provider => provider.GetRequiredService<CompareReports>());
    }

    public static void MapConnector(this WebApplication app)
    {
        app.UseAccess();
        app.MapSources();
        app.MapWebhooks();
        app.MapSync();
        ReadSkipped.Map(app);
        ReadWaiting.Map(app);
        DecideSkipped.Map(app);
        ReadEvidence.Map(app);
    }
}
