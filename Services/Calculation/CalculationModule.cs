using Allocora.EventStore;
using Allocora.Messaging;
using Allocora.ServiceDefaults;

namespace Allocora.Calculation;

/// <summary>The index of the service: what it needs, and its routes.</summary>
internal static class CalculationModule
{
    public static readonly ServiceSchema Schema = new("calculation", typeof(Broker).Assembly);

    public static void AddCalculation(this WebApplicationBuilder builder)
    {
        builder.AddDatabase(Schema);
        builder.Services.AddValidated<HeadOptions>("Heads");
        builder.AddSignedHeads(Schema);
        builder.AddLogOf("ledger");
        builder.AddBroker("rabbitmq", "calculation");
        builder.AddGatewayKeys();
        builder.AddInnerTokens("calculation", KeyTable.OfGateway);
    }

    public static void MapCalculation(this WebApplication app)
    {
        app.UseAccess();
    }
}
