using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Allocora.EventStore;

/// <summary>What a service's database holds: the log (scripts from 001), what libraries add (from 050) and the service's own tables (from 100).</summary>
public sealed class ServiceSchema
{
    /// <param name="service">Names the schema and the roles.</param>
    /// <param name="parts">The assemblies whose embedded <c>Schema/NNN_name.sql</c> belong to the database, beside the event store's own.</param>
    public ServiceSchema(string service, params Assembly[] parts) : this(service, [], parts)
    {
    }

    /// <param name="projections">
    /// Every version this program keeps up: beside a new one the one before it, until the new one has taken over.
    /// </param>
    public ServiceSchema(string service, IReadOnlyList<Projection> projections, params Assembly[] parts)
    {
        (Service, Projections) = (service, projections);
        if (projections.CountBy(p => p.SchemaIn(service)).FirstOrDefault(p => p.Value > 1).Key is { } same)
            throw new ArgumentException($"Two projections have the schema {same}.", nameof(projections));
        Scripts = [.. parts.Prepend(typeof(ServiceSchema).Assembly).Distinct().SelectMany(Script.In).OrderBy(s => s.Number)];
        var twice = Scripts.GroupBy(s => s.Number).FirstOrDefault(g => g.Count() > 1);
        if (twice is not null)
            throw new ArgumentException($"Two scripts have the number {twice.Key}: {string.Join(", ", twice.Select(s => s.Name))}.", nameof(parts));
    }

    public string Service { get; }

    public IReadOnlyList<Projection> Projections { get; }

    /// <summary>Roles of other services that a script of this one gives rights to, by their whole names.</summary>
    public IReadOnlyList<string> OtherRoles { get; init; } = [];

    /// <summary>The number of the last script: a database in which it has run is up to date.</summary>
    public int Version => Scripts[^1].Number;

    internal IReadOnlyList<Script> Scripts { get; }

    internal sealed record Script(int Number, string Name, string Text, byte[] Hash)
    {
        private const string Folder = ".Schema.";

        public static IEnumerable<Script> In(Assembly assembly) =>
            from resource in assembly.GetManifestResourceNames()
            where resource.EndsWith(".sql", StringComparison.Ordinal)
            select Read(assembly, resource, resource[(resource.IndexOf(Folder, StringComparison.Ordinal) + Folder.Length)..]);

        private static Script Read(Assembly assembly, string resource, string name)
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            var text = reader.ReadToEnd();
            return new(int.Parse(name.AsSpan(0, 3), provider: null), name, text, SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        }
    }
}
