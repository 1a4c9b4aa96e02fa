using Allocora.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace Allocora.Console;

public sealed class AllocoraOptions
{
    /// <summary>Who may open workspaces: verified e-mail addresses, or the identity provider's subjects.</summary>
    public IReadOnlyList<string> PlatformAdmins { get; init; } = [];
}

/// <summary>Who looks after the installation as a whole: those the settings name, and who signs in with a link of this machine.</summary>
internal sealed class PlatformAdmins(IOptions<AllocoraOptions> options)
{
    /// <summary>The subject of the person whom the printed link signs in.</summary>
    public const string LocalSubject = "owner";

    public bool Include(Person person) => person.Issuer == Person.Local
        ? person.Subject == LocalSubject
        : options.Value.PlatformAdmins.Any(named => named == person.Subject || string.Equals(named, person.Email, StringComparison.OrdinalIgnoreCase));
}

internal static class PeopleRegistration
{
    public static void AddPeople(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidated<AllocoraOptions>("Allocora");
        builder.Services.AddSingleton<PlatformAdmins>();
        builder.Services.AddSingleton(provider => new People(
            provider.GetRequiredKeyedService<Npgsql.NpgsqlDataSource>("console_worker"), provider.GetRequiredService<TimeProvider>()));
    }
}
