using System.Text.RegularExpressions;
using Npgsql;

namespace Allocora.EventStore;

/// <summary>
/// Tables made of nothing but a log, so they can be dropped and built again at any time. A version's tables and meaning are
/// fixed: what changes gets a new version, also when all that is wanted is to build the same rows again.
/// </summary>
public sealed partial class Projection
{
    private const int IdentifierMax = 63;

    /// <param name="name">Unique in its service; lower case, digits and underscores.</param>
    /// <param name="tables">
    /// Creates tables and indexes, without naming a schema; each table has a column <c>tenant_id text not null</c>, in its primary key.
    /// </param>
    /// <param name="apply">
    /// Turns a page of events, in order, into a few statements. It reads no clock and calls nobody; about an event it does not
    /// understand it throws. It may see the same events again in pages of another size and has to come to the same rows.
    /// </param>
    public Projection(string name, int version, string tables, Action<IReadOnlyList<StoredEvent>, ProjectionBatch> apply)
    {
        if (!PlainName().IsMatch(name)) throw new ArgumentException($"{name} is not a name for a projection.", nameof(name));
        ArgumentOutOfRangeException.ThrowIfLessThan(version, 1);
        (Name, Version, Tables, Apply) = (name, version, tables, apply);
    }

    public string Name { get; }

    public int Version { get; }

    /// <summary>The service whose log is read; null for the service's own.</summary>
    public string? Upstream { get; init; }

    /// <summary>Its service is out of use while it cannot go on. Where it is not, readiness only says what the trouble is.</summary>
    public bool IsVital { get; init; } = true;

    /// <summary>
    /// This version means what the one before it meant: it is not served before each of its tables holds exactly the same rows.
    /// </summary>
    public bool SameRows { get; init; }

    public Action<IReadOnlyList<StoredEvent>, ProjectionBatch> Apply { get; }

    internal string Tables { get; }

    /// <summary>Its row in <c>mt_event_progression</c>.</summary>
    internal string PositionName => PositionOf(Name, Version);

    public override string ToString() => $"{Name} v{Version}";

    internal string SchemaIn(string service) => SchemaOf(service, Name, Version);

    internal static string PositionOf(string name, int version) => $"{name}:v{version}";

    internal static string SchemaOf(string service, string name, int version)
    {
        var schema = $"{service}_{name}_v{version}";
        return schema.Length <= IdentifierMax ? schema : throw new ArgumentException($"{schema} is longer than PostgreSQL allows.", nameof(name));
    }

    [GeneratedRegex("^[a-z][a-z0-9_]*$")]
    private static partial Regex PlainName();
}

/// <summary>The statements a page of events comes to. They run in order, in one transaction with the new position.</summary>
public sealed class ProjectionBatch
{
    private readonly NpgsqlBatch batch;

    internal ProjectionBatch(NpgsqlBatch batch) => this.batch = batch;

    /// <summary>Adds a statement over sets: each parameter is an array, to be taken apart by <c>unnest</c>.</summary>
    public void Add(string statement, params ReadOnlySpan<Array> columns)
    {
#pragma warning disable CA2100 // a statement of the projection's; values come as parameters
        var command = new NpgsqlBatchCommand(statement);
#pragma warning restore CA2100
        foreach (var column in columns) command.Parameters.Add(new() { Value = column });
        batch.BatchCommands.Add(command);
    }
}

/// <summary>A projection cannot apply an event. It stands before that event and goes no further until it can.</summary>
public sealed class ProjectionStoppedException : Exception
{
    internal ProjectionStoppedException(Projection projection, IReadOnlyList<StoredEvent> page, Exception why)
        : base($"{projection} has stopped at event {page[0].Sequence} ({page[0].Type}): {Kind(why)}.", why) =>
        (Sequence, Type, Count, ErrorType) = (page[0].Sequence, page[0].Type, page.Count, Kind(why));

    public long Sequence { get; }

    public string Type { get; }

    /// <summary>What kind of error it was; its message may quote the event, which is for the log only.</summary>
    public string ErrorType { get; }

    /// <summary>Of more than one event, which of them it was is not known yet.</summary>
    internal int Count { get; }

    private static string Kind(Exception why) => why is PostgresException answer ? answer.SqlState : why.GetType().Name;
}
