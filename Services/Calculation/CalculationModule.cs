using Allocora.EventStore;
using Allocora.Messaging;

namespace Allocora.Calculation;

/// <summary>The index of the service: what it needs, and its routes.</summary>
internal static class CalculationModule
{
    public static void AddCalculation(this WebApplicationBuilder builder)
    {
        builder.AddDatabase("calculation");
        builder.AddDatabase("ledger_tail");
        builder.AddBroker("rabbitmq", "calculation");
    }
}
