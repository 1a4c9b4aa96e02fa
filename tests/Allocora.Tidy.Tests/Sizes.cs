using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Allocora.Tidy;

/// <summary>What fits in a head: short files, short methods, lines that need no scrolling.</summary>
internal static class Sizes
{
    private const int FileMax = 350, MethodMax = 70, ServiceProgramMax = 30, AppHostProgramMax = 120;

    // 140 is what we write; the limit leaves room for a sentence that reads worse when it is broken.
    private const int LineMax = 160;

    public static Rule[] Rules =>
    [
        new("No source file is longer than 350 lines", Places.Everywhere, LongFiles, $"""
            === Services/Ledger/Long.cs
            {Repeat("//", FileMax)}
            »//
            === Services/Ledger/Full.cs
            {Repeat("//", FileMax)}
            === allocora
            {Repeat("#", FileMax)}
            »#
            === README.md
            {Repeat("Words.", FileMax + 1)}
            """),
        new("No method is longer than 70 lines", Places.Everywhere, LongMethods, $$"""
            === Services/Ledger/Methods.cs
            class Methods
            {
            »    void Long()
                {
            {{Repeat("        Go();", MethodMax - 2)}}
                }
                void Full()
                {
            {{Repeat("        Go();", MethodMax - 3)}}
                }
                int Size
                {
            »        get
                    {
            {{Repeat("            Go();", MethodMax)}}
                    }
                }
            }
            """),
        new("No line of C# is longer than 160 columns", Places.Everywhere, LongLines, $"""
            === Services/Ledger/Wide.cs
            »// {new string('x', LineMax - 2)}
            // {new string('x', LineMax - 3)}
            === README.md
            {new string('x', LineMax + 1)}
            """),
        new("Program.cs is short enough to read at a glance", Places.Everywhere, LongPrograms, $"""
            === Services/Ledger/Program.cs
            {Repeat("//", ServiceProgramMax)}
            »//
            === Services/Console/Program.cs
            {Repeat("//", ServiceProgramMax)}
            === AppHost/Local/Program.cs
            {Repeat("//", AppHostProgramMax)}
            »//
            """),
        new("A document has one title", Places.Everywhere, Titles, """
            === README.md
            # Allocora

            ```
            # a comment in a shell
            ```
            ## Run it
            »# Test it
            === »Services/README.md
            ## No title
            """),
    ];

    private static IEnumerable<Finding> LongFiles(SourceFile file) =>
        file.Lines.Length > FileMax && (file.Extension is ".cs" or ".razor" or ".sql" or ".css" or ".js" || file.IsScript)
            ? [file.At(FileMax + 1, $"the file has {file.Lines.Length} lines, {FileMax} is the limit", "split it by feature, one subject per file")]
            : [];

    private static IEnumerable<Finding> LongMethods(SourceFile file) =>
        from method in file.Nodes<SyntaxNode>()
        where method is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax
        let span = method.SyntaxTree.GetLineSpan(method.Span)
        let length = span.EndLinePosition.Line - span.StartLinePosition.Line + 1
        where length > MethodMax
        select file.At(method, $"the method has {length} lines, {MethodMax} is the limit", "give a part of it a name and a method of its own");

    private static IEnumerable<Finding> LongLines(SourceFile file) =>
        from line in file.Lines.Index()
        where file.IsCSharp && line.Item.Length > LineMax
        select file.At(line.Index + 1, $"the line has {line.Item.Length} columns, {LineMax} is the limit", "break it where the sentence breaks");

    private static IEnumerable<Finding> LongPrograms(SourceFile file)
    {
        if (file.Name != "Program.cs" || Places.Tests(file.Path)) return [];
        var limit = Places.Services(file.Path) ? ServiceProgramMax : AppHostProgramMax;
        return file.Lines.Length > limit
            ? [file.At(limit + 1, $"Program.cs has {file.Lines.Length} lines, {limit} is the limit", "move the wiring to the module that owns it")]
            : [];
    }

    private static IEnumerable<Finding> Titles(SourceFile file)
    {
        if (file.Extension != ".md") return [];
        var fenced = false;
        var titles = new List<int>();
        foreach (var (index, line) in file.Lines.Index())
        {
            if (line.TrimStart().StartsWith("```", StringComparison.Ordinal)) fenced = !fenced;
            else if (!fenced && line.StartsWith("# ", StringComparison.Ordinal)) titles.Add(index + 1);
        }
        return titles.Count == 0
            ? [file.At(1, "the document has no title", "begin it with one # heading")]
            : titles.Skip(1).Select(line => file.At(line, "the document has a second title", "make it a ## heading"));
    }

    private static string Repeat(string line, int times) => string.Join('\n', Enumerable.Repeat(line, times));
}
