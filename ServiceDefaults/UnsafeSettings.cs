using System.Data.Common;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Allocora.ServiceDefaults;

/// <summary>What a host must not start with: a default password in production, an address others can reach in development.</summary>
internal static class UnsafeSettings
{
    private static readonly string[] Defaults =
        ["", "postgres", "guest", "admin", "administrator", "root", "password", "secret", "changeme", "rabbitmq", "allocora", "123456"];

    private static readonly string[] PortSettings = ["http_ports", "https_ports"];

    public static void RefuseUnsafeSettings(this WebApplicationBuilder builder)
    {
        var found = builder.Environment.IsProduction()
            ? builder.Configuration.GetSection("ConnectionStrings").GetChildren().Where(c => HasDefaultPassword(c.Value ?? ""))
                .Select(c => $"ConnectionStrings__{c.Key} has a password everybody knows; give it one of its own.")
            : Addresses(builder).Where(a => !IsLoopback(a))
                .Select(a => $"ASPNETCORE_URLS lets others reach {a}, and the environment is {builder.Environment.EnvironmentName}; "
                    + "set ASPNETCORE_ENVIRONMENT=Production, or listen on 127.0.0.1.");
        if (found.ToList() is { Count: > 0 } failures) throw new OptionsValidationException("settings", typeof(string), failures);
    }

    private static bool HasDefaultPassword(string text)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var address))
        {
            var parts = Uri.UnescapeDataString(address.UserInfo).Split(':', 2);
            return parts is [var user, var password] && IsKnown(user, password);
        }
        try
        {
            var settings = new DbConnectionStringBuilder { ConnectionString = text };
            // Without a password at all, it is a certificate or the operating system that vouches for the user.
            return Setting(settings, "password", "pwd") is { } password && IsKnown(Setting(settings, "username", "user id", "user") ?? "", password);
        }
        catch (ArgumentException)
        {
            return false; // whoever reads it says that it is not a connection string
        }
    }

    private static bool IsKnown(string user, string password) =>
        Defaults.Contains(password, StringComparer.OrdinalIgnoreCase) || string.Equals(user, password, StringComparison.OrdinalIgnoreCase);

    private static string? Setting(DbConnectionStringBuilder settings, params string[] names) =>
        names.Select(name => settings.TryGetValue(name, out var value) ? $"{value}" : null).FirstOrDefault(value => value is not null);

    private static IEnumerable<string> Addresses(WebApplicationBuilder builder)
    {
        const StringSplitOptions tidy = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        var urls = builder.Configuration["urls"]?.Split(';', tidy) ?? [];
        var ports = PortSettings.SelectMany(key => builder.Configuration[key]?.Split(';', tidy) ?? []);
        var endpoints = builder.Configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(e => e["Url"] ?? "").Where(url => url != "");
        return [.. urls, .. urls.Length == 0 ? ports.Select(port => $"http://*:{port}") : [], .. endpoints];
    }

    private static bool IsLoopback(string url)
    {
        try
        {
            var host = BindingAddress.Parse(url).Host.Trim('[', ']');
            return host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
        }
        catch (FormatException)
        {
            return true; // whoever binds it says what is wrong with it
        }
    }
}
