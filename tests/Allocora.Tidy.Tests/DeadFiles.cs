using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Allocora.Tidy;

/// <summary>Every file has a reader, and a person can read it.</summary>
internal static class DeadFiles
{
    public static Rule[] Rules =>
    [
        new("Every source file is used by another", Unmentioned, """
            === »Services/Ledger/Lost.cs
            record Lost; // nobody says Found
            === Services/Ledger/Found.cs
            record Found(Beside Beside);
            record Beside;
            === Services/Ledger/Routes.cs
            static class Routes { public static void MapLedger(this App app) { } }
            === Services/Ledger/Program.cs
            Found found = new();
            app.MapLedger(); // Lost
            === »Services/Ledger/Idle.cs
            static class Idle { public static void MapNothing(this App app) { } }
            === tests/Allocora.Ledger.Tests/Finding.cs
            class Finding { [Fact] void It() => Assert.Empty(rows); }
            === Services/Console/Page.razor.cs
            partial class Page;
            === Services/Console/Page.razor
            <p>@Clock.Text</p>
            === Services/Console/Clock.cs
            static class Clock;
            """),
        new("No file is empty", Places.Everywhere, Empty, """
            === »Services/Ledger/Facts.cs
            === »Services/Ledger/Schema/001_ledger.sql

            === README.md
            # Allocora
            """),
        new("No merge leaves its files behind", Places.Everywhere, Leftovers, """
            === »Services/Ledger/Facts.cs.orig
            record Facts;
            === »packages.lock.json.resolved
            {}
            === Services/Ledger/Facts.cs
            record Facts;
            """),
        new("What is kept can be read", Places.Everywhere, Binaries, $"""
            === »Services/Ledger/tool.dll
            MZ{'\0'}
            === Services/Console/wwwroot/logo.png
            PNG{'\0'}
            === Services/Ledger/tool.txt
            MZ
            """),
    ];

    private static IEnumerable<Finding> Unmentioned(SourceTree tree) =>
        from file in tree.Files
        where file.IsCSharp && !file.Path.EndsWith(".razor.cs", StringComparison.Ordinal)
            && !file.Nodes<MethodDeclarationSyntax>().Any(m => m.HasAttribute("Fact", "Theory"))
        let names = Offered(file).ToList()
        where names.Count > 0
        where !tree.Files.Any(f => f != file && (f.IsCSharp || f.Extension == ".razor") && names.Exists(f.Words.Contains))
        select file.At(1, $"no other file mentions {string.Join(", ", names)}", "use it or delete it");

    /// <summary>What others may call: the types, and the extension methods, which are called without their type.</summary>
    private static IEnumerable<string> Offered(SourceFile file)
    {
        var types = from type in file.Nodes<BaseTypeDeclarationSyntax>()
                    where type.Parent is BaseNamespaceDeclarationSyntax or CompilationUnitSyntax
                    select type.Identifier.ValueText;
        var delegates = file.Nodes<DelegateDeclarationSyntax>().Select(d => d.Identifier.ValueText);
        var extensions = from method in file.Nodes<MethodDeclarationSyntax>()
                         where method.Parent is ExtensionBlockDeclarationSyntax
                             || method.ParameterList.Parameters.Any(p => p.Modifiers.Any(SyntaxKind.ThisKeyword))
                         select method.Identifier.ValueText;
        var attributes = types.Where(t => t.EndsWith("Attribute", StringComparison.Ordinal)).Select(t => t[..^"Attribute".Length]);
        return types.Where(t => t != "Program").Concat(attributes).Concat(delegates).Concat(extensions);
    }

    private static IEnumerable<Finding> Empty(SourceFile file) =>
        file.IsEmpty ? [file.At(1, "the file is empty", "delete it")] : [];

    private static IEnumerable<Finding> Leftovers(SourceFile file) =>
        file.Extension is ".resolved" or ".orig" or ".rej" or ".bak" ? [file.At(1, "a tool left this behind", "delete it")] : [];

    private static IEnumerable<Finding> Binaries(SourceFile file) =>
        file.IsBinary && file.Extension is not (".png" or ".pdf" or ".xlsx" or ".ttf")
            ? [file.At(1, "nobody can review a binary", "fetch or build it where it is needed")]
            : [];
}
