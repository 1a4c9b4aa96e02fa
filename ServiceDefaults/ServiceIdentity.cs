using System.Reflection;

namespace Allocora.ServiceDefaults;

/// <summary>Who this process is, as health, version and telemetry say it.</summary>
public sealed record ServiceIdentity(string Name, string Version, string Instance)
{
    internal static ServiceIdentity Of(string name)
    {
        var version = Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        return new(name, Short(version ?? "0.0.0"), $"{Environment.MachineName}-{Environment.ProcessId}");
    }

    // The build appends the whole commit; twelve digits tell one from another.
    private static string Short(string version)
    {
        var plus = version.IndexOf('+', StringComparison.Ordinal);
        return plus < 0 || version.Length <= plus + 13 ? version : version[..(plus + 13)];
    }
}
