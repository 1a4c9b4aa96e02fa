using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;

namespace Allocora.Console;

internal static class SubscribersModule
{
    public static void AddSubscribers(this WebApplicationBuilder builder)
    {
        var (services, place) = (builder.Services, BrokerPlace.Of(builder.Configuration));
        services.AddValidated<SubscriberOptions>("Subscribers");
        services.AddSingleton(place);
        services.AddHttpClient(BrokerAccounts.Client, http => BrokerAccounts.Prepare(http, place));
        services.AddSingleton<BrokerAccounts>();
        services.AddSingleton(provider => new SubscriberReaders(
            provider.GetRequiredKeyedService<ProjectionReader>(SubscriberProjection.Name),
            new(ConsoleModule.Schema, SubscriberProjection.Name, provider.GetRequiredKeyedService<NpgsqlDataSource>("console_worker"),
                provider.GetRequiredService<TimeProvider>())));
        services.AddSingleton(provider => new SubscriberCommands(
            new(provider.GetRequiredKeyedService<NpgsqlDataSource>("console"), ConsoleEvents.Catalog, provider.GetRequiredService<TimeProvider>()),
            provider.GetRequiredService<SubscriberReaders>()));
        services.AddSingleton<KeepBrokerAccounts>();
        services.AddHostedService(provider => provider.GetRequiredService<KeepBrokerAccounts>());
    }
}
