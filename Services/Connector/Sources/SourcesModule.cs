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
        builder.Services.AddSingleton<OpenKey>();
        builder.Services.AddSingleton<StopSource>();
        builder.Services.AddSingleton<ConnectSource>();
        builder.Services.AddSingleton<ChangeSource>();
        builder.Services.AddSingleton<RotateKey>();
        builder.Services.AddSingleton<ForgetOldKeys>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<ForgetOldKeys>());
    }

    public static void MapSources(this IEndpointRouteBuilder routes)
    {
        ConnectSource.Map(routes);
        ReadSources.Map(routes);
        ChangeSource.Map(routes);
        RotateKey.Map(routes);
    }

    private static NpgsqlDataSource App(IServiceProvider provider) => provider.GetRequiredKeyedService<NpgsqlDataSource>("connector");
}
