using Npgsql;

namespace Allocora.Connector;

internal static class SourcesModule
{
    public static void AddSources(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<AskPaddle>();
        builder.Services.AddSingleton<VerifyKey>();
        builder.Services.AddSingleton(provider => new SourceCommands(App(provider), provider.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton(provider => new ReadSources(App(provider), provider.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<ConnectSource>();
    }

    public static void MapSources(this IEndpointRouteBuilder routes)
    {
        ConnectSource.Map(routes);
        ReadSources.Map(routes);
    }

    private static NpgsqlDataSource App(IServiceProvider provider) => provider.GetRequiredKeyedService<NpgsqlDataSource>("connector");
}
