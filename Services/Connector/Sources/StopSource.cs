using Npgsql;

namespace Allocora.Connector;

/// <summary>Stops a source whose key is no good any more. It stays so until a person resumes it or gives it another key.</summary>
internal sealed partial class StopSource([FromKeyedServices("connector_worker")] NpgsqlDataSource worker, TimeProvider time, ILogger<StopSource> logger)
{
    private readonly SourceCommands commands = new(worker, time);

    /// <param name="because">For programs, such as <c>credential-invalid</c>.</param>
    public async Task Stop(string workspace, string source, string because, CancellationToken ct)
    {
        var told = await commands.Tell(
            workspace, source, new(Via: "service:connector"), command: null, version: null, held => SourceRules.Stop(held.Source, because), also: null, ct);
        if (told.Source is not { State: "stopped" }) return;
        ConnectorTelemetry.CredentialFailures.Add(1, new KeyValuePair<string, object?>("error.type", because));
        Stopped(source, because);
    }

    [LoggerMessage(LogLevel.Warning, "Source {Source} is stopped until somebody resumes it: {Because}")]
    private partial void Stopped(string source, string because);
}
