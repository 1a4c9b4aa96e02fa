using Allocora.Contracts.Messages;
using Allocora.Messaging;

namespace Allocora.Ledger;

/// <summary>The queue in which what was seen at providers waits for the Ledger, and who takes it from there.</summary>
internal static class IngestModule
{
    // One consumer at a time, so that the versions of an object are taken in the order in which they were told.
    public static readonly Consumption Ingest = new(new(Queues.LedgerIngest, Exchanges.Ingest, [Queues.ToLedger], SingleActiveConsumer: true));

    public static void AddIngest(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Workspaces>();
        builder.Services.AddSingleton<TakeMessages>();
        builder.AddConsumer(Ingest, provider => provider.GetRequiredService<TakeMessages>().Take);
    }
}
