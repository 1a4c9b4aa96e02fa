using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Allocora.Tidy;

internal sealed record Finding(string Path, int Line, string Problem, string Remedy)
{
    public override string ToString() => $"{Path}:{Line}: {Problem}: {Remedy}";
}

/// <param name="OwnLine">Nothing but the comment stands on its line.</param>
internal sealed record Comment(int Line, string Text, bool OwnLine);

/// <summary>One file, read in the ways the rules need: as lines, as C#, as a project file, as comments.</summary>
internal sealed partial class SourceFile(string path, byte[] bytes)
{
    private readonly Lazy<SyntaxNode> syntax = new(() => CSharpSyntaxTree.ParseText(Decoded(bytes)).GetRoot());
    private string[]? lines;
    private HashSet<string>? words;

    public string Path => path;
    public string Name => path[(path.LastIndexOf('/') + 1)..];
    public string Folder => path[..Math.Max(0, path.LastIndexOf('/'))];
    public string Extension => System.IO.Path.GetExtension(path);
    public bool IsCSharp => Extension == ".cs";
    public bool IsScript => Extension == ".sh" || path is "allocora" or ".ci/run" || Text.StartsWith("#!", StringComparison.Ordinal);
    public bool IsBuildFile => Extension is ".csproj" or ".props" or ".targets";
    public bool IsBinary { get; } = HasNul(bytes);
    public bool IsEmpty => !IsBinary && string.IsNullOrWhiteSpace(Text);
    public string Text { get; } = Decoded(bytes);
    public string Sha256 => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>The lines as an editor counts them: the line end of the last line begins no other.</summary>
    public string[] Lines => lines ??= Text == "" ? [] : (Text.EndsWith('\n') ? Text[..^1] : Text).Split('\n');

    /// <summary>The names this file mentions; in C#, names in comments and strings do not count.</summary>
    public HashSet<string> Words => words ??= IsCSharp
        ? [.. syntax.Value.DescendantTokens().Where(t => t.IsKind(SyntaxKind.IdentifierToken)).Select(t => t.ValueText)]
        : [.. Word().Matches(Text).Select(m => m.Value)];

    public SyntaxNode Syntax => IsCSharp ? syntax.Value : SyntaxFactory.CompilationUnit();

    public IEnumerable<T> Nodes<T>() where T : SyntaxNode => Syntax.DescendantNodes(descendIntoTrivia: true).OfType<T>();

    public IEnumerable<Comment> Comments => IsCSharp ? CSharpComments() : OtherComments();

    public IEnumerable<XElement> Items(string name) =>
        IsBuildFile ? XDocument.Parse(Text, LoadOptions.SetLineInfo).Descendants(name) : [];

    public Finding At(int line, string problem, string remedy) => new(path, line, problem, remedy);

    public Finding At(SyntaxNodeOrToken place, string problem, string remedy) => At(LineOf(place.SpanStart), problem, remedy);

    public Finding At(XElement item, string problem, string remedy) => At(((IXmlLineInfo)item).LineNumber, problem, remedy);

    /// <summary>The lines a pattern occurs in.</summary>
    public IEnumerable<Finding> Matches(Regex pattern, string problem, string remedy) =>
        Lines.Index().Where(l => pattern.IsMatch(l.Item)).Select(l => At(l.Index + 1, problem, remedy));

    private int LineOf(int position) => syntax.Value.SyntaxTree.GetLineSpan(new(position, 0)).StartLinePosition.Line + 1;

    private IEnumerable<Comment> CSharpComments() =>
        from trivia in syntax.Value.DescendantTrivia()
        where trivia.IsKind(SyntaxKind.SingleLineCommentTrivia) || trivia.IsKind(SyntaxKind.MultiLineCommentTrivia)
        let line = LineOf(trivia.SpanStart)
        let text = trivia.ToString().Trim('/', '*', ' ')
        select new Comment(line, text, Lines[line - 1].TrimStart().StartsWith('/'));

    // In a document a # begins a heading.
    private IEnumerable<Comment> OtherComments() =>
        from line in Lines.Index()
        let comment = CommentStart().Match(line.Item)
        where comment.Success && Extension != ".md"
        select new Comment(line.Index + 1, line.Item[comment.Length..].Trim(), OwnLine: true);

    // As git tells them apart.
    private static bool HasNul(byte[] bytes) => bytes.AsSpan(0, Math.Min(bytes.Length, 8000)).Contains((byte)0);

    private static string Decoded(byte[] bytes) => HasNul(bytes) ? "" : Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF');

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    [GeneratedRegex(@"^\s*(#(?!!)|--|//+|/\*+|@\*|<!--)\s*")]
    private static partial Regex CommentStart();
}
