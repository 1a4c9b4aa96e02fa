using Allocora.EventStore;
using Allocora.Messaging;

namespace Allocora.Statements;

/// <summary>The index of the service: what it needs, and its routes.</summary>
internal static class StatementsModule
{
    public static void AddStatements(this WebApplicationBuilder builder)
    {
        builder.AddDatabase("statements");
        builder.AddDatabase("calculation_tail");
        builder.AddDatabase("ledger_tail");
        builder.AddBroker("rabbitmq", "statements");
    }
}
