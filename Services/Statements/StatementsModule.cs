using Allocora.EventStore;
using Allocora.Messaging;
using Allocora.ServiceDefaults;

namespace Allocora.Statements;

/// <summary>The index of the service: what it needs, and its routes.</summary>
internal static class StatementsModule
{
    public static readonly ServiceSchema Schema = new("statements", typeof(Broker).Assembly);

    public static void AddStatements(this WebApplicationBuilder builder)
    {
        builder.AddDatabase(Schema);
        builder.Services.AddValidated<HeadOptions>("Heads");
        builder.AddSignedHeads(Schema);
        builder.AddLogOf("calculation");
        builder.AddLogOf("ledger");
        builder.AddBroker("rabbitmq", "statements");
        builder.AddGatewayKeys();
        builder.AddInnerTokens("statements", KeyTable.OfGateway);
    }

    public static void MapStatements(this WebApplication app)
    {
        app.UseAccess();
    }
}
