using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Allocora.Tidy;

/// <summary>Names that mean something, one declaration per idea, no interface for a single class.</summary>
internal static partial class Shape
{
    // An interface earns its name with a second implementation in production; these have a reason to stand alone.
    private static readonly (string Interface, string Why)[] AllowedAlone = [];

    public static Rule[] Rules =>
    [
        new("An interface has two implementations in production", LonelyInterfaces, """
            === Services/Ledger/Feeds.cs
            »interface ILonely;
            class Only : ILonely;
            interface IFeed<T>;
            class Live : IFeed<int>;
            class Stored : IFeed<int>;
            === tests/Allocora.Ledger.Tests/Fakes.cs
            class FakeLonely : ILonely;
            """),
        new("A class is not named after its interface", PairedInterfaces, """
            === Services/Ledger/Feeds.cs
            »interface IFeed;
            class Feed : IFeed;
            class Stored : IFeed;
            interface ISource;
            class Live : ISource;
            class Source;
            """),
        new("A name says what it is about", Places.Everywhere, EmptyNames, """
            === Services/Ledger/Names.cs
            »class PaymentHelper;
            »record PayeeDto(string Name);
            »interface IRunManager;
            class Database;
            class Score;
            class HelperText;
            === »Services/Common/Money.cs
            === »Services/Ledger/DateUtils.cs
            === »Services/Allocora.Core/Allocora.Core.csproj
            === Services/Scoreboard/Commonplace.cs
            """),
        new("A type is declared in one project", Twins, """
            === Services/Ledger/Allocora.Ledger.csproj
            === Services/Ledger/Facts.cs
            »public sealed record Payee(string Name);
            internal static class Facts { record Row; }
            === Services/Console/Allocora.Console.csproj
            === Services/Console/Pages.cs
            »internal sealed record Payee(string Name);
            internal sealed partial class Pages { record Row; }
            === Services/Console/MorePages.cs
            partial class Pages;
            === tests/Allocora.Ledger.Tests/Allocora.Ledger.Tests.csproj
            === tests/Allocora.Ledger.Tests/Payee.cs
            record Payee;
            """),
        new("A class is sealed", Unsealed, """
            === Services/Ledger/Facts.cs
            »internal class Facts
            {
            »    private class Row;
                private sealed class Cell;
            }
            static class Routes;
            abstract class Shape;
            record Fact;
            sealed partial class Split;
            === Services/Ledger/Split.cs
            partial class Split;
            === Services/Ledger/Program.cs
            partial class Program;
            === Services/Console/Page.razor.cs
            partial class Page;
            === Contracts/Open.cs
            class Open;
            """),
        new("A summary says more than the name", Places.Everywhere, Summaries, """
            === Contracts/Payee.cs
            /// <summary>Whom a statement is for.</summary>
            record Payee
            {
            »    /// <summary>Gets or sets the display name.</summary>
                string DisplayName;
            »    /// <summary>
                /// Returns the payee.
                /// </summary>
                Payee GetPayee();
                /// <summary>The name a bank expects.</summary>
                string BankName;
            }
            """),
    ];

    private static IEnumerable<Finding> LonelyInterfaces(SourceTree tree) =>
        from file in tree.Files
        from type in file.Nodes<InterfaceDeclarationSyntax>()
        let name = type.Identifier.ValueText
        where !AllowedAlone.Any(a => a.Interface == name)
            && Implementations(tree, name).Count(i => Places.Tests(file.Path) || !Places.Tests(i.File.Path)) < 2
        select file.At(type.Identifier, $"{name} has fewer than two implementations in production", "use the class itself");

    private static IEnumerable<Finding> PairedInterfaces(SourceTree tree) =>
        from file in tree.Files
        from type in file.Nodes<InterfaceDeclarationSyntax>()
        let name = type.Identifier.ValueText
        where Implementations(tree, name).Any(i => "I" + i.Type.Identifier.ValueText == name)
        select file.At(type.Identifier, $"{name} only repeats the name of its class", "use the class, or name each by what sets it apart");

    private static IEnumerable<(SourceFile File, TypeDeclarationSyntax Type)> Implementations(SourceTree tree, string name) =>
        from file in tree.Files
        from type in file.Nodes<TypeDeclarationSyntax>()
        where type.BaseList?.Types.Any(t => NameOf(t.Type) == name) == true
        select (file, type);

    private static string NameOf(TypeSyntax type) => type switch
    {
        QualifiedNameSyntax qualified => qualified.Right.Identifier.ValueText,
        SimpleNameSyntax simple => simple.Identifier.ValueText,
        _ => "",
    };

    private static IEnumerable<Finding> EmptyNames(SourceFile file)
    {
        const string remedy = "name the idea; if there are several, there are several files";
        var parts = file.IsCSharp || file.Extension is ".razor" or ".csproj" ? file.Path.Split('/', '.') : file.Folder.Split('/', '.');
        var paths = parts.Where(p => EmptyName().IsMatch(p)).Take(1).Select(p => file.At(1, $"'{p}' is a drawer, not an idea", remedy));
        var types = from type in file.Nodes<BaseTypeDeclarationSyntax>()
                    let name = type.Identifier.ValueText
                    where EmptyName().IsMatch(name)
                    select file.At(type.Identifier, $"'{name}' does not say what it is about", remedy);
        return paths.Concat(types);
    }

    private static IEnumerable<Finding> Twins(SourceTree tree)
    {
        var projects = tree.Files.Where(f => f.Extension == ".csproj" && !Places.Tests(f.Path)).Select(f => f.Folder).ToList();
        var declared = from file in tree.Files
                       let project = projects.Where(p => file.Path.StartsWith(p + "/", StringComparison.Ordinal)).MaxBy(p => p.Length)
                       where project is not null
                       from type in file.Nodes<TypeDeclarationSyntax>()
                       where type is not InterfaceDeclarationSyntax && type.Parent is BaseNamespaceDeclarationSyntax or CompilationUnitSyntax
                       where type.Identifier.ValueText is not ("Program" or "")
                       select (File: file, Project: project, Type: type);
        return from twins in declared.GroupBy(d => d.Type.Identifier.ValueText)
               where twins.Select(t => t.Project).Distinct().Count() > 1
               from twin in twins
               select twin.File.At(
                   twin.Type.Identifier, $"{twins.Key} is declared in several projects", "declare it once in Contracts, or name the difference");
    }

    private static IEnumerable<Finding> Unsealed(SourceTree tree)
    {
        var classes = from file in tree.Files
                      where Places.Hosts(file.Path) && file.Name != "Program.cs" && !file.Path.EndsWith(".razor.cs", StringComparison.Ordinal)
                      from type in file.Nodes<ClassDeclarationSyntax>()
                      select (File: file, Type: type, Closed: type.Modifiers.Any(m => m.Kind()
                          is SyntaxKind.SealedKeyword or SyntaxKind.StaticKeyword or SyntaxKind.AbstractKeyword));
        // One part of a partial class speaks for all of them.
        var closed = classes.Where(c => c.Closed).Select(c => (c.File.Folder, c.Type.Identifier.ValueText)).ToHashSet();
        return from c in classes
               where !c.Closed && !(c.Type.Modifiers.Any(SyntaxKind.PartialKeyword) && closed.Contains((c.File.Folder, c.Type.Identifier.ValueText)))
               select c.File.At(c.Type, $"{c.Type.Identifier} is open to inheritance", "add sealed");
    }

    private static IEnumerable<Finding> Summaries(SourceFile file) =>
        from summary in file.Nodes<XmlElementSyntax>()
        where summary.StartTag.Name.ToString() == "summary"
        let member = summary.ParentTrivia().Token.Parent?.FirstAncestorOrSelf<MemberDeclarationSyntax>()
        let text = string.Join(' ', summary.Content.Select(c => c.ToString().Replace("///", "", StringComparison.Ordinal)))
        where member is not null && Prose.Restates(text, NamesOf(member))
        select file.At(summary, "the summary repeats the name", "say what the name cannot, or leave it out");

    private static SyntaxTrivia ParentTrivia(this SyntaxNode node) => node.FirstAncestorOrSelf<DocumentationCommentTriviaSyntax>()!.ParentTrivia;

    private static string NamesOf(MemberDeclarationSyntax member) => member switch
    {
        BaseFieldDeclarationSyntax field => string.Join(' ', field.Declaration.Variables.Select(v => v.Identifier.ValueText)),
        _ => string.Join(' ', member.ChildTokens().Where(t => t.IsKind(SyntaxKind.IdentifierToken)).Select(t => t.ValueText)),
    };

    [GeneratedRegex("(^|[a-z0-9])(Common|Shared|Core|Utils?|Utilit(y|ies)|Helpers?|Manager|Base|Dto|DTO)$|^(common|shared|core|utils?|helpers?)$")]
    private static partial Regex EmptyName();
}
