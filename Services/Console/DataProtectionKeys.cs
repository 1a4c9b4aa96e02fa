using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;

namespace Allocora.Console;

/// <summary>Where the keys of form tokens are kept. Left alone, the framework writes them to the home folder, in the clear.</summary>
internal sealed class DataProtectionKeys : IXmlRepository
{
    // No page has a form yet, so no key has to outlive the process or be known to a second one.
    private readonly List<XElement> keys = [];

    public IReadOnlyCollection<XElement> GetAllElements()
    {
        lock (keys) return [.. keys];
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        lock (keys) keys.Add(element);
    }
}

internal static class DataProtectionKeysRegistration
{
    public static void AddDataProtectionKeys(this WebApplicationBuilder builder) => builder.Services.Configure<KeyManagementOptions>(o =>
    {
        o.XmlRepository = new DataProtectionKeys();
        o.XmlEncryptor = new NullXmlEncryptor();
    });
}
