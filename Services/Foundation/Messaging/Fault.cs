using System.Net.Sockets;
using System.Text.Json;
using Npgsql;
using RabbitMQ.Client.Exceptions;

namespace Allocora.Messaging;

/// <summary>
/// Whose fault an exception is. Deciding is pure, so what a message does wrong it does wrong every time: it is kept as a dead
/// letter. What is about us (a database away, a table missing after a bad deploy) is waited out, and no message pays for it.
/// </summary>
internal static class Fault
{
    /// <summary>What is wrong with the message; null when nothing is.</summary>
    public static Verdict? OfMessage(Exception e) => e switch
    {
        JsonException json => Verdict.Broken("unreadable", $"The body cannot be read, from line {json.LineNumber + 1}, byte {json.BytePositionInLine} on."),
        // Classes 22 and 23 are about the data, so about the message. Their texts quote it.
        PostgresException { SqlState: ['2', '2' or '3', ..] } refused => Verdict.Broken("refused-by-database", refused.ConstraintName is { } constraint
            ? $"PostgreSQL refuses it with {refused.SqlState} ({constraint})."
            : $"PostgreSQL refuses it with {refused.SqlState}."),
        _ when IsOurs(e) => null,
        _ => Verdict.Broken("handler-failed", $"{e.GetType().Name} in {e.TargetSite?.DeclaringType?.FullName}.{e.TargetSite?.Name}."),
    };

    /// <summary>For readiness and the log, as both are read by people who may not see a message.</summary>
    public static string WhyWeWait(Exception e) => e switch
    {
        UnavailableException or TopologyException => e.Message,
        PostgresException refused => $"PostgreSQL answers {refused.SqlState}.",
        NpgsqlException or SocketException or TimeoutException => "PostgreSQL does not answer.",
        OperationInterruptedException { ShutdownReason: { } shutdown } => $"RabbitMQ closed the channel: {shutdown.ReplyText.TrimEnd('.')}.",
        RabbitMQClientException => "RabbitMQ does not answer.",
        _ => $"{e.GetType().Name} in {e.TargetSite?.DeclaringType?.FullName}.{e.TargetSite?.Name}.",
    };

    public static bool IsOurs(Exception e) => e
        is NpgsqlException or SocketException or TimeoutException or IOException or HttpRequestException or RabbitMQClientException
        or OperationCanceledException or ObjectDisposedException or UnavailableException or TopologyException or UnauthorizedAccessException
        or OutOfMemoryException or TypeInitializationException or TypeLoadException or MissingMemberException or BadImageFormatException;
}

/// <summary>Something a message needs is not there now.</summary>
public sealed class UnavailableException : Exception
{
    /// <param name="reason">One sentence, shown by readiness; without anything of a message.</param>
    public UnavailableException(string reason, Exception? cause = null) : base(reason, cause) { }
}
