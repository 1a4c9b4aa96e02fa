using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Allocora.Tidy;

/// <summary>A test that runs can fail.</summary>
internal static class TestHabits
{
    public static Rule[] Rules =>
    [
        new("No test is skipped", Places.Tests, Skipped, """
            === tests/Allocora.Ledger.Tests/Facts.cs
            class Facts
            {
            »    [Fact(Skip = "later")] void Late() => Assert.Empty(rows);
            »    [Theory(DisplayName = "x", Skip = "later"), InlineData(1)] void Later(int n) => Assert.Equal(1, n);
                [Fact(DisplayName = "Skip = nothing")] void Now() => Assert.Empty(rows);
            }
            """),
        new("No assertion is true by itself", Places.Tests, Truisms, """
            === tests/Allocora.Ledger.Tests/Facts.cs
            »Assert.True(true);
            »Assert.False(false, "never");
            Assert.True(ready);
            """),
        new("A test asserts what is there, not only that it is", Places.Tests, OnlyNotNull, """
            === tests/Allocora.Ledger.Tests/Facts.cs
            class Facts
            {
            »    [Fact] void Something() { Assert.NotNull(fact); Assert.NotNull(row); }
                [Fact] void One() { Assert.NotNull(fact); Assert.Equal(1, fact.Count); }
                void NoTest() => Assert.NotNull(fact);
            }
            """),
        new("A test asserts something", NoAssertion, """
            === tests/Allocora.Ledger.Tests/Facts.cs
            class Facts
            {
            »    [Fact] void Runs() { Go(); }
            »    [Theory, InlineData(1)] void Runs_with(int n) => Go(n);
                [Fact] Task Throws() => Assert.ThrowsAsync<IOException>(Go);
                [Fact] void Property() => Prop.ForAll(Holds).QuickCheckThrowOnFailure();
                [Fact] void Golden() => page.ExpectGolden("run");
                [Fact] void Through_another_method() => Balances(1);
                [Fact] void Through_the_test_library() => Shows(page);
                void Balances(int n) => Assert.Equal(n, total);
            }
            === tests/Testing/Pages.cs
            static class Pages
            {
                public static void Shows(Page page) => Compare(page);
                static void Compare(Page page) => throw new PageException();
            }
            class Server { void Go() => throw new ServerException(); }
            === tests/Allocora.Console.Tests/Pages.cs
            static class Others { static void Go() { Assert.Equal(1, 1); } }
            """),
    ];

    private static IEnumerable<Finding> Skipped(SourceFile file) =>
        from attribute in file.Nodes<AttributeSyntax>()
        where attribute.Name.ToString() is "Fact" or "Theory"
            && attribute.ArgumentList?.Arguments.Any(a => a.NameEquals?.Name.Identifier.ValueText == "Skip") == true
        select file.At(attribute, "the test never runs", "make it pass or delete it");

    private static IEnumerable<Finding> Truisms(SourceFile file) =>
        from use in file.Uses("Assert", "True", "False")
        where use.Parent is InvocationExpressionSyntax { ArgumentList.Arguments: [{ Expression: LiteralExpressionSyntax }, ..] }
        select file.At(use, "this cannot fail", "assert what the test is named for");

    private static IEnumerable<Finding> OnlyNotNull(SourceFile file) =>
        from test in Tests(file)
        let assertions = Assertions(test).ToList()
        where assertions.Count > 0 && assertions.TrueForAll(a => a.ToString().StartsWith("Assert.NotNull", StringComparison.Ordinal))
        select file.At(test, $"{test.Identifier} only sees that something is there", "assert its value");

    private static IEnumerable<Finding> NoAssertion(SourceTree tree)
    {
        // A test may assert through a method of its own project or of the test library, whose tools throw for themselves.
        var asserting = (from file in tree.Files
                         where Places.Tests(file.Path)
                         from method in file.Nodes<MethodDeclarationSyntax>()
                         where Assertions(method).Any() || (ProjectOf(file) == "Testing" && IsTool(method))
                         select (Project: ProjectOf(file), Name: method.Identifier.ValueText)).ToHashSet();
        return from file in tree.Files
               from test in Tests(file)
               where !Assertions(test).Any()
               let calls = test.DescendantNodes().OfType<InvocationExpressionSyntax>().Select(c => c.Callee())
               where !calls.Any(c => asserting.Contains((ProjectOf(file), c)) || asserting.Contains(("Testing", c)))
               select file.At(test, $"{test.Identifier} passes whatever happens", "assert what its name says");
    }

    private static bool IsTool(MethodDeclarationSyntax method) =>
        method.Parent is ClassDeclarationSyntax type && type.Modifiers.Any(SyntaxKind.StaticKeyword)
        && type.DescendantNodes().Any(n => n is ThrowStatementSyntax or ThrowExpressionSyntax);

    private static string ProjectOf(SourceFile test) => test.Path.Split('/')[1];

    private static IEnumerable<MethodDeclarationSyntax> Tests(SourceFile file) =>
        file.Nodes<MethodDeclarationSyntax>().Where(m => m.HasAttribute("Fact", "Theory"));

    private static IEnumerable<InvocationExpressionSyntax> Assertions(MethodDeclarationSyntax method) =>
        from call in method.DescendantNodes().OfType<InvocationExpressionSyntax>()
        let name = call.Callee()
        where (call.Expression is MemberAccessExpressionSyntax access && access.Expression.LastName() == "Assert")
            || name.Contains("Assert", StringComparison.Ordinal) || name.Contains("Expect", StringComparison.Ordinal)
            || name.Contains("Throw", StringComparison.Ordinal)
        select call;
}
