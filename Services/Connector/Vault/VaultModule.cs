using Allocora.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace Allocora.Connector;

internal static class VaultModule
{
    public static void AddVault(this IHostApplicationBuilder builder)
    {
        builder.Services.AddValidated<VaultOptions>("Vault");
        builder.Services.AddSingleton<IValidateOptions<VaultOptions>, VaultCheck>();
        builder.Services.AddSingleton<KeyVault>();
        builder.Services.AddSingleton<RewrapKeys>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<RewrapKeys>());
    }
}
