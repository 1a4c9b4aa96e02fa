using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Allocora.ServiceDefaults.Tests;

internal sealed record LogLine(string Category, LogLevel Level, string Text, Exception? Exception);

/// <summary>What a host wrote to its log, after the filters that also decide what reaches the console.</summary>
internal sealed class RecordedLog : ILoggerProvider
{
    private readonly ConcurrentQueue<LogLine> lines = new();

    public IReadOnlyList<LogLine> Lines => [.. lines];

    public IReadOnlyList<LogLine> AtLeast(LogLevel level) => [.. lines.Where(l => l.Level >= level)];

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, lines);

    public void Dispose() { }

    private sealed class Logger(string category, ConcurrentQueue<LogLine> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue(new(category, logLevel, formatter(state, exception), exception));
    }
}
