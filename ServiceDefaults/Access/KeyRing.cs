using System.Data.Common;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Allocora.ServiceDefaults;

/// <summary>Keys of the framework's Data Protection for one purpose, apart from all others the process may have.</summary>
public sealed class KeyRing
{
    private readonly IDataProtector tickets;
    private volatile bool isKnown;

    /// <param name="name">Part of what the keys are bound to: what one ring protected, no other opens.</param>
    /// <param name="key">Seals the keys where they are kept.</param>
    /// <param name="makesKeys">Whether this process may add one when the last grows old.</param>
    public KeyRing(string name, IXmlRepository keys, byte[] key, bool makesKeys, ILoggerFactory logging)
    {
        var services = new ServiceCollection();
        services.AddSingleton(logging);
        services.AddLogging();
        UseSealedKeys(services, name, _ => keys, _ => key, makesKeys);
        Protection = services.BuildServiceProvider().GetRequiredService<IDataProtectionProvider>();
        tickets = Protection.CreateProtector("ticket");
        Tickets = new TicketDataFormat(tickets);
    }

    /// <summary>Makes the Data Protection of these services a ring of sealed keys; whatever the framework protects there uses it.</summary>
    public static void UseSealedKeys(
        IServiceCollection services, string name, Func<IServiceProvider, IXmlRepository> keys, Func<IServiceProvider, byte[]> key, bool makesKeys = true)
    {
        services.AddSingleton(provider => new SealedKeys(name, key(provider)));
        services.AddDataProtection().SetApplicationName($"allocora/{name}");
        services.AddOptions<KeyManagementOptions>().Configure<IServiceProvider>((o, provider) =>
            (o.XmlRepository, o.XmlEncryptor, o.AutoGenerateKeys) = (keys(provider), provider.GetRequiredService<SealedKeys>(), makesKeys));
    }

    /// <summary>Reads a sealing key as settings have it; null when it is not 32 bytes in Base64.</summary>
    public static byte[]? KeyOf(string text) => SealedKeys.KeyOf(text);

    public IDataProtectionProvider Protection { get; }

    public ISecureDataFormat<AuthenticationTicket> Tickets { get; }

    /// <summary>Makes the first key if there is none and this process may; tells what is missing otherwise.</summary>
    public string? WhyEmpty()
    {
        if (isKnown) return null;
        try
        {
            // Asking for a key is the way to have the ring read, and what was read stays in memory.
            tickets.Protect([]);
            isKnown = true;
            return null;
        }
        catch (Exception e) when (e is CryptographicException or InvalidOperationException or DbException or TimeoutException)
        {
            return e.GetBaseException() is DbException or TimeoutException
                ? "The database of the keys does not answer."
                : "There is no key yet that this process can open.";
        }
    }
}
