using Allocora.EventStore;
using Allocora.Messaging;
using Allocora.ServiceDefaults;

namespace Allocora.Ledger;

/// <summary>The index of the service: what it needs, and its routes.</summary>
internal static class LedgerModule
{
    public static readonly ServiceSchema Schema = new("ledger", typeof(Broker).Assembly);

    public static void AddLedger(this WebApplicationBuilder builder)
    {
        builder.AddDatabase(Schema);
        builder.Services.AddValidated<HeadOptions>("Heads");
        builder.AddSignedHeads(Schema);
        builder.AddBroker("rabbitmq", "ledger");
        builder.Services.AddHostedService<DeclareIngest>();
        builder.AddRelay("ledger", Destination.Events, TellRevenue.MessagesOf);
        builder.AddGatewayKeys();
        builder.AddInnerTokens("ledger", KeyTable.OfGateway);
    }

    public static void MapLedger(this WebApplication app)
    {
        app.UseAccess();
        app.MapReadHead();
    }
}
