using Allocora.EventStore;
using Allocora.Messaging;
using Allocora.ServiceDefaults;

namespace Allocora.Ledger;

/// <summary>The index of the service: what it needs, and its routes.</summary>
internal static class LedgerModule
{
    public static readonly ServiceSchema Schema = new("ledger", [Books.Projection], typeof(Broker).Assembly, typeof(LedgerModule).Assembly);

    public static void AddLedger(this WebApplicationBuilder builder)
    {
        builder.AddDatabase(Schema);
        builder.Services.AddValidated<HeadOptions>("Heads");
        builder.AddSignedHeads(Schema);
        builder.Services.AddSingleton<LongReads>();
        builder.Services.AddSingleton<VerifyLedger>();
        builder.Services.AddSingleton<ExportLedger>();
        builder.Services.AddSingleton<DeadLetterCommands>();
        builder.AddBroker("rabbitmq", "ledger");
        builder.AddLogOf("console", isVital: false);
        builder.AddIngest();
        builder.AddProjections(Schema);
        builder.Services.AddSingleton<DecideContradictions>();
        builder.Services.AddSingleton<Reversals>();
        builder.Services.AddSingleton<CheckBooks>().AddHostedService<CheckNightly>();
        builder.AddRelay("ledger", Destination.Events, TellRevenue.MessagesOf);
        builder.AddGatewayKeys();
        builder.AddInnerTokens("ledger", KeyTable.OfGateway);
    }

    public static void MapLedger(this WebApplication app)
    {
        app.UseAccess();
        app.MapReadHead();
        ReadFacts.Map(app);
        ReadObject.Map(app);
        ReadContradictions.Map(app);
        DecideContradictions.Map(app);
        Reversals.Map(app);
        ReadInvariants.Map(app);
        ReadCompleteness.Map(app);
        app.MapReadCheckpoints();
        VerifyLedger.Map(app);
        ExportLedger.Map(app);
        app.MapDeadLetters();
    }
}
