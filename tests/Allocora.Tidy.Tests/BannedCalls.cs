using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Allocora.Tidy;

/// <summary>What makes an answer depend on the moment or the machine, or says it where nobody collects it.</summary>
internal static class BannedCalls
{
    // Amounts are whole units of a currency; these files are allowed another number, and this is why.
    private static readonly (string PathEnd, string Why)[] RealNumbers =
    [
        ("Telemetry.cs", "instruments measure durations in seconds, as OpenTelemetry asks"),
    ];

    private static readonly string[] LogLevels = ["LogTrace", "LogDebug", "LogInformation", "LogWarning", "LogError", "LogCritical"];

    public static Rule[] Rules =>
    [
        new("The clock comes in as a TimeProvider", Places.Product, Clock, """
            === Services/Ledger/Facts.cs
            »var now = DateTime.Now;
            »var late = System.DateTimeOffset.UtcNow;
            var right = time.GetUtcNow();
            var text = "DateTime.UtcNow"; // DateTime.UtcNow
            === tests/Allocora.Ledger.Tests/Facts.cs
            var now = DateTime.Now;
            """),
        new("Ids are made from what they name", Places.ServicesAndContracts, NewIds, """
            === Services/Ledger/Facts.cs
            »var id = Guid.NewGuid();
            var read = Guid.Parse(text);
            === ServiceDefaults/Instance.cs
            var id = Guid.NewGuid();
            """),
        new("Nothing sleeps", Places.Everywhere, Sleeps, """
            === tests/Allocora.Ledger.Tests/Waiting.cs
            »Thread.Sleep(100);
            »await Task.Delay(100);
            »await Task.Delay(TimeSpan.FromSeconds(1), ct);
            while (!Ready()) await Task.Delay(20);
            await Task.Delay(patience, ct);
            === Services/Ledger/Pause.cs
            »System.Threading.Thread.Sleep(pause);
            await Task.Delay(100, ct);
            """),
        new("Logs are written by [LoggerMessage] methods", Places.Product, LogCalls, """
            === Services/Ledger/Facts.cs
            »logger.LogInformation("Took {Count}", count);
            »logger?.LogError(e, "Broke");
            Took(count);
            """),
        new("What is logged is a value, not a sentence", Places.Product, InterpolatedLogs, """
            === Services/Ledger/Facts.cs
            partial class Facts
            {
                void Go(int count)
                {
            »        Took($"{count} rows");
                    Took(name);
                    Say($"{count} rows");
                }
                [LoggerMessage(LogLevel.Information, "Took {What}")]
                private partial void Took(string what);
            }
            """),
        new("Money is whole units", Places.ServicesAndContracts, Fractions, """
            === Contracts/Price.cs
            »record Price(decimal Amount);
            »record Rate(IReadOnlyList<double> Steps);
            »var rate = 0.125m;
            record Right(long Minor); // not a decimal
            await Task.Delay(delay * (0.5 + Random.Shared.NextDouble()));
            === Services/Ledger/LedgerTelemetry.cs
            Histogram<double> duration;
            """),
        new("A service says what it has to say in its log", Places.Product, ConsoleWrites, """
            === Services/Ledger/Facts.cs
            »Console.WriteLine("took");
            »System.Console.Error.Write("took");
            Console.CancelKeyPress += Stop;
            === ServiceDefaults/Service.cs
            Console.Error.WriteLine("cannot start");
            === AppHost/Local/Program.cs
            Console.WriteLine("up");
            """),
        new("The compiler checks every call", Places.Product, Dynamic, """
            === Services/Ledger/Facts.cs
            »dynamic row = Read();
            »List<dynamic> rows = [];
            var word = "dynamic";
            """),
        new("The type system says what is null", Places.Product, NullChecks, """
            === Services/Ledger/Facts.cs
            »this.store = store ?? throw new ArgumentNullException(nameof(store));
            var row = Find() ?? throw new JsonException("The body is null.");
            """),
        new("A file needs no folding", Places.Everywhere, Regions, """
            === Services/Ledger/Facts.cs
            »#region Private methods
            void Go() { }
            #endregion
            // #region
            """),
    ];

    private static IEnumerable<Finding> Clock(SourceFile file) =>
        from use in file.Uses("DateTime", "Now", "UtcNow", "Today").Concat(file.Uses("DateTimeOffset", "Now", "UtcNow"))
        select file.At(use, "this reads the machine's clock", "take a TimeProvider at the edge and pass the instant on");

    private static IEnumerable<Finding> NewIds(SourceFile file) =>
        from use in file.Uses("Guid", "NewGuid")
        select file.At(use, "this id is another one each time", "derive it from what it names");

    private static IEnumerable<Finding> Sleeps(SourceFile file)
    {
        var threads = from use in file.Uses("Thread", "Sleep")
                      select file.At(use, "this blocks a thread", "await what you wait for, with a deadline");
        var delays = from use in file.Uses("Task", "Delay")
                     where Places.Tests(file.Path)
                         && use.Parent is InvocationExpressionSyntax { Parent: AwaitExpressionSyntax { Parent: ExpressionStatementSyntax } } call
                         && IsLiteral(call.ArgumentList.Arguments[0].Expression)
                         && !use.Ancestors().Any(a => a is WhileStatementSyntax or DoStatementSyntax or CommonForEachStatementSyntax or ForStatementSyntax)
                     select file.At(use, "the test sleeps and hopes", "wait for a condition with a deadline");
        return threads.Concat(delays);
    }

    private static bool IsLiteral(ExpressionSyntax duration) =>
        duration is LiteralExpressionSyntax
        || (duration is InvocationExpressionSyntax { ArgumentList.Arguments: [{ Expression: LiteralExpressionSyntax }] } call
            && call.Callee().StartsWith("From", StringComparison.Ordinal));

    private static IEnumerable<Finding> LogCalls(SourceFile file) =>
        from call in file.Nodes<InvocationExpressionSyntax>()
        where LogLevels.Contains(call.Callee())
        select file.At(call, $"{call.Callee()} formats before it knows whether anybody listens", "declare a [LoggerMessage] partial method");

    private static IEnumerable<Finding> InterpolatedLogs(SourceFile file)
    {
        var logs = file.Nodes<MethodDeclarationSyntax>().Where(m => m.HasAttribute("LoggerMessage")).Select(m => m.Identifier.ValueText);
        var names = logs.Concat(LogLevels).ToHashSet();
        return from call in file.Nodes<InvocationExpressionSyntax>()
               where names.Contains(call.Callee()) && call.ArgumentList.Arguments.Any(a => a.Expression is InterpolatedStringExpressionSyntax)
               select file.At(call, "the log gets a finished sentence it cannot search", "pass the values and name them in the message");
    }

    private static IEnumerable<Finding> Fractions(SourceFile file)
    {
        if (RealNumbers.Any(allowed => file.Path.EndsWith(allowed.PathEnd, StringComparison.Ordinal))) return [];
        return from token in file.Syntax.DescendantTokens()
               where token.Value is decimal || token.Kind() is SyntaxKind.DecimalKeyword or SyntaxKind.DoubleKeyword or SyntaxKind.FloatKeyword
               select file.At(token, $"{token} is no amount", "use Money, or a rate as an integer; other uses are listed in BannedCalls.cs");
    }

    private static IEnumerable<Finding> ConsoleWrites(SourceFile file) =>
        from call in file.Nodes<InvocationExpressionSyntax>()
        where call.Expression is MemberAccessExpressionSyntax access
            && access.Expression.ToString().Split('.') is ["Console", ..] or ["System", "Console", ..]
            && call.Callee().StartsWith("Write", StringComparison.Ordinal)
            // Where there is no host there is no log; and the AppHost and the samples are programs a person looks at.
            && file.Path is not ("ServiceDefaults/Service.cs" or "Services/Foundation/EventStore/MigrateCommand.cs")
            && !file.Path.StartsWith("AppHost/", StringComparison.Ordinal) && !file.Path.StartsWith("Contracts/samples/", StringComparison.Ordinal)
        select file.At(call, "this goes past the log", "log it through a [LoggerMessage] method");

    private static IEnumerable<Finding> Dynamic(SourceFile file) =>
        from name in file.Nodes<IdentifierNameSyntax>()
        where name.Identifier.ValueText == "dynamic"
        select file.At(name, "dynamic is checked only when it runs", "declare a record");

    private static IEnumerable<Finding> NullChecks(SourceFile file) =>
        from thrown in file.Nodes<ThrowExpressionSyntax>()
        where thrown is { Parent: BinaryExpressionSyntax, Expression: ObjectCreationExpressionSyntax { Type: var type } }
            && type.ToString() is "ArgumentNullException" or "System.ArgumentNullException"
        select file.At(thrown, "nullable types already say this cannot be null", "delete the check");

    private static IEnumerable<Finding> Regions(SourceFile file) =>
        from region in file.Nodes<RegionDirectiveTriviaSyntax>()
        select file.At(region, "a region hides that the file is too long", "split the file, or leave the region out");
}
