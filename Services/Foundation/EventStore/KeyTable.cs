using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Allocora.EventStore;

/// <summary>The keys of one ring of the framework's Data Protection, in the table <c>protection_key</c>. They arrive sealed.</summary>
public sealed class KeyTable(NpgsqlDataSource source, string ring) : IXmlRepository
{
    /// <summary>The ring as a service reads it that signs in to the Console's database for nothing else.</summary>
    public static KeyTable OfGateway(IServiceProvider services, string ring) =>
        new(services.GetRequiredKeyedService<NpgsqlDataSource>(Database.GatewayKeys), ring);

    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var command = source.CreateCommand("select element from protection_key where ring = $1 order by stored_at");
        command.Parameters.Add(new() { Value = ring });
        using var reader = command.ExecuteReader();
        var keys = new List<XElement>();
        while (reader.Read()) keys.Add(XElement.Parse(reader.GetString(0)));
        return keys;
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        using var command = source.CreateCommand("insert into protection_key (ring, name, element) values ($1, $2, $3)");
        command.Parameters.Add(new() { Value = ring });
        command.Parameters.Add(new() { Value = friendlyName });
        command.Parameters.Add(new() { Value = element.ToString(SaveOptions.DisableFormatting) });
        command.ExecuteNonQuery();
    }
}
