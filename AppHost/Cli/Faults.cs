namespace Allocora.Cli;

/// <summary>The file is an export, and not as it was made.</summary>
/// <param name="position">In the log: the first at which it is not what it was; null where the fault is not at a position.</param>
internal sealed class BadExportException(long? position, long line, string why)
    : Exception(position is { } at ? $"bad at position {at} (line {line}): {why}" : $"bad (line {line}): {why}")
{
    public long? Position => position;
}

/// <summary>The file, or another that was named, is something else.</summary>
internal sealed class NotAnExportException(string why) : Exception(why);
