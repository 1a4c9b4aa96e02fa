using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Authentication;
using Npgsql;

namespace Allocora.Console;

internal static class WorkspacesModule
{
    public static void AddWorkspaces(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton(provider => new AccessReaders(
            provider.GetRequiredKeyedService<ProjectionReader>(AccessProjection.Name),
            new(ConsoleModule.Schema, AccessProjection.Name, Worker(provider), provider.GetRequiredService<TimeProvider>())));
        services.AddSingleton(provider => new Memberships(provider.GetRequiredService<AccessReaders>().All));
        services.AddSingleton(provider => new KeysInForce(provider.GetRequiredService<AccessReaders>().All, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<WorkspaceGrants>();
        services.AddSingleton<IGrants>(provider => provider.GetRequiredService<WorkspaceGrants>());
        services.AddSingleton(provider => new WorkspaceCommands(
            new(provider.GetRequiredKeyedService<NpgsqlDataSource>("console"), ConsoleEvents.Catalog, provider.GetRequiredService<TimeProvider>()),
            provider.GetRequiredService<AccessReaders>().All, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new OpenWorkspace(
            Worker(provider), ConsoleEvents.Catalog, provider.GetRequiredService<WorkspaceCommands>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<Invites>();
        services.AddSingleton(provider => new LastUses(
            Worker(provider), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<LastUses>>()));
        services.AddHostedService(provider => provider.GetRequiredService<LastUses>());
        builder.AddDemo();
    }

    public static void AddKeys(this AuthenticationBuilder authentication) =>
        authentication.AddScheme<AuthenticationSchemeOptions, KeyAuthentication>(Schemes.Key, configureOptions: null);

    public static void MapWorkspaces(this IEndpointRouteBuilder routes)
    {
        OpenWorkspace.Map(routes);
        ChangeWorkspace.Map(routes);
        ReadMe.Map(routes);
        ManageMembers.Map(routes);
        InviteMembers.Map(routes);
        ManageApiKeys.Map(routes);
        DecideAccess.Map(routes);
    }

    private static NpgsqlDataSource Worker(IServiceProvider provider) => provider.GetRequiredKeyedService<NpgsqlDataSource>("console_worker");
}
