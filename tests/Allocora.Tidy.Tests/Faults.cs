using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Allocora.Tidy;

/// <summary>No fault gets lost: not in a catch, not in a task nobody awaits, not in a thread that waits for itself.</summary>
internal static class Faults
{
    // At these edges every exception has to become an answer, so they may catch them all.
    private static readonly (string Path, string Why)[] Edges =
    [
        ("Services/Foundation/Messaging/Consumer.cs", "whatever a handler throws decides what happens to its message"),
    ];

    public static Rule[] Rules =>
    [
        new("A caught exception has a consequence", Places.Product, Swallowed, """
            === Services/Ledger/Facts.cs
            »try { Go(); } catch (IOException) { }
            »try { Go(); } catch (IOException) { /* never mind */ continue; }
            try { Go(); } catch (IOException e) { Failed(e); }
            try { Go(); } catch (FormatException) { return null; }
            try { Go(); } catch (FormatException) { amount = null; }
            """),
        new("A catch names what it expects", Places.Product, CaughtAll, """
            === Services/Ledger/Facts.cs
            »try { Go(); } catch { Failed(); throw; }
            »try { Go(); } catch (Exception e) { Failed(e); }
            »try { Go(); } catch (System.Exception) { return; }
            try { Go(); } catch (Exception e) { Failed(e); throw; }
            try { Go(); } catch (Exception e) when (e is IOException) { Failed(e); }
            try { Go(); } catch (IOException e) { Failed(e); }
            === Services/Foundation/Messaging/Consumer.cs
            try { Go(); } catch (Exception e) { Failed(e); }
            """),
        new("Nothing waits for a task but await", Blocking, """
            === Services/Ledger/Facts.cs
            class Facts
            {
                Task<int> Count() => store.CountAsync();
                void Go()
                {
            »        var a = store.ReadAsync(ct).Result;
            »        readTask.Wait();
            »        var b = store.Read().GetAwaiter().GetResult();
            »        var c = Count().Result;
            »        Task.WaitAll(one, two);
                    var d = outcome.Result ?? arguments.Outcome.Result;
                    gate.Wait(ct);
                }
            }
            === tests/Allocora.Ledger.Tests/Facts.cs
            var a = store.ReadAsync(ct).Result;
            """),
        new("Every task has somebody who awaits it", Places.Everywhere, Unobserved, """
            === Services/Ledger/Facts.cs
            class Facts
            {
            »    private async void Go() => await Run();
                private void Start()
                {
            »        Task.Factory.StartNew(Run);
            »        async void Local() => await Run();
                }
                private async Task Right() => await Run();
            }
            """),
    ];

    private static IEnumerable<Finding> Swallowed(SourceFile file) =>
        from clause in file.Nodes<CatchClauseSyntax>()
        where !clause.Block.DescendantNodes().Any(n => n
            is ReturnStatementSyntax or ThrowStatementSyntax or ThrowExpressionSyntax or YieldStatementSyntax
            or InvocationExpressionSyntax or AssignmentExpressionSyntax)
        select file.At(clause, "the exception disappears here", "log it, return an answer, or let it pass");

    private static IEnumerable<Finding> CaughtAll(SourceFile file)
    {
        if (Edges.Any(edge => edge.Path == file.Path)) return [];
        return from clause in file.Nodes<CatchClauseSyntax>()
               let type = clause.Declaration?.Type.ToString()
               let rethrows = clause.Block.DescendantNodes().Any(n => n is ThrowStatementSyntax or ThrowExpressionSyntax)
               where type is null || (type is "Exception" or "System.Exception" && clause.Filter is null && !rethrows)
               select file.At(clause, "this catches bugs as well", "name the exceptions you expect, or add a when");
    }

    private static IEnumerable<Finding> Blocking(SourceTree tree)
    {
        // Our own methods carry no Async suffix, so they are known by what they return.
        var tasks = from file in tree.Files
                    from method in file.Nodes<MethodDeclarationSyntax>()
                    where method.ReturnType is SimpleNameSyntax { Identifier.ValueText: "Task" or "ValueTask" }
                    select method.Identifier.ValueText;
        var names = tasks.ToHashSet();
        return from file in tree.Files
               from access in file.Nodes<MemberAccessExpressionSyntax>()
               let target = access.Expression
               where Places.Product(file.Path) && access.Name.Identifier.ValueText switch
               {
                   "Result" or "Wait" => IsTask(target, names),
                   "GetResult" => target is InvocationExpressionSyntax call && call.Callee() == "GetAwaiter",
                   "WaitAll" or "WaitAny" => target.LastName() == "Task",
                   _ => false,
               }
               select file.At(access, "this thread stands still until a task is done", "await it");
    }

    private static bool IsTask(ExpressionSyntax expression, HashSet<string> known) => expression switch
    {
        InvocationExpressionSyntax call => call.Callee() is var name && (name.EndsWith("Async", StringComparison.Ordinal) || known.Contains(name)),
        SimpleNameSyntax or MemberAccessExpressionSyntax => expression.LastName().EndsWith("Task", StringComparison.OrdinalIgnoreCase),
        _ => false,
    };

    private static IEnumerable<Finding> Unobserved(SourceFile file)
    {
        var methods = from method in file.Nodes<MethodDeclarationSyntax>()
                      where method.Modifiers.Any(SyntaxKind.AsyncKeyword) && method.ReturnType.ToString() == "void"
                      select file.At(method, "an exception in here ends the process", "return a Task");
        var functions = from function in file.Nodes<LocalFunctionStatementSyntax>()
                        where function.Modifiers.Any(SyntaxKind.AsyncKeyword) && function.ReturnType.ToString() == "void"
                        select file.At(function, "an exception in here ends the process", "return a Task");
        var started = from use in file.Uses("Factory", "StartNew")
                      select file.At(use, "StartNew returns before an async method is done", "await the method, or Task.Run for computation");
        return [.. methods, .. functions, .. started];
    }
}
