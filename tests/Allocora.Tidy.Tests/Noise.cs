using System.Text.RegularExpressions;

namespace Allocora.Tidy;

/// <summary>Words that cost a reader time: comments without a reason, notes to oneself, praise.</summary>
internal static partial class Noise
{
    // Put together here, or this file would be what it looks for.
    private const string Work = "/wo" + "rk/", Scratch = "/tmp" + "/wt", Home = "/ro" + "ot/", Feed = "api.nuget" + ".org";
    private const string Sparkles = "\u2728", Party = "\U0001F389";

    public static Rule[] Rules =>
    [
        new("The parts of a test need no headings", Places.Everywhere, Headings, """
            === tests/Allocora.Ledger.Tests/Facts.cs
            »// Arrange
            Go();
            »// Act & Assert
            Go();
            »// then: it is there
            Go();
            // Act as the reviewer does, not as the preparer.
            // Then, and only then, the lock is free.
            var text = "// Arrange";
            """),
        new("Code that is not needed is deleted", Places.Everywhere, DeadCode, """
            === Services/Ledger/Facts.cs
            »// var old = Read();
            »//if (old) {
            Go(); // old;
            // It must stay a statement of its own.
            var text = "// x;";
            """),
        new("A comment is about the code, not about the work on it", Places.Everywhere, WorkNotes, """
            === Services/Ledger/Facts.cs
            »// TODO: pages
            »/* FIXME */
            »// Done as requested.
            »// Phase 2: pages
            »// Step 1. Read
            // The second phase of the moon.
            var todo = "TODO";
            === Services/Ledger/Schema/001_ledger.sql
            »-- XXX this is slow
            select 'TODO';
            === README.md
            »TODO
            »Comes in phase 2.
            A todo list
            Step 1: install the SDK.
            """),
        new("A comment says what the code cannot", Places.Everywhere, Echoes, """
            === Services/Ledger/Facts.cs
            »// Get the user
            var user = GetUser(id);
            »// Append events.
            store.Append(events);
            // Held until commit, so readers see them in order.
            Hold();
            // Commits lock
            // are held until commit.
            CommitLock();
            """),
        new("Documents and code use plain signs", Places.Everywhere, Emoji, $"""
            === README.md
            »Done {Sparkles}
            Done ✓ → ✗ €
            === Services/Ledger/Facts.cs
            »var text = "{Party}";
            """),
        new("No work notes in the tree", Places.Everywhere, NoteFiles, """
            === »PLAN.md
            # Plan
            === »Services/IMPLEMENTATION_SUMMARY.md
            # Summary
            === »notes-2026.md
            # Notes
            === Services/Statements/Status.cs
            enum Status;
            === Services/planning-poker.md
            # Planning poker
            """),
        new("A README shows commands, not adjectives", Places.Everywhere, Hype, """
            === README.md
            »A blazing fast ledger.
            »Built for Enterprise-Grade teams.
            ./allocora up
            === Services/decisions/0001-log.md
            A robust estimator was tried.
            """),
        new("Nothing names a private place", Places.Everywhere, PrivatePlaces, $"""
            === README.md
            »Open {Work}notes.
            GET /api/v1{Work}items
            https://docs.allocora.dev/ and http://127.0.0.1
            === nuget.config
            »<add key="feed" value="https://{Feed}/v3/index.json" />
            === .ci/run
            »cd {Scratch}/here
            »ls {Home}.nuget
            """),
    ];

    private static IEnumerable<Finding> Headings(SourceFile file) =>
        from comment in file.Comments
        where Heading().IsMatch(comment.Text)
        select file.At(comment.Line, "the comment names a part of every test", "delete it; an empty line does the same");

    private static IEnumerable<Finding> DeadCode(SourceFile file) =>
        from comment in file.Comments
        where file.IsCSharp && comment.OwnLine && comment.Text.TrimEnd() is [.., ';' or '{' or '}']
        select file.At(comment.Line, "this is code nobody runs", "delete it; git remembers");

    private static IEnumerable<Finding> WorkNotes(SourceFile file)
    {
        const string problem = "this is about the work, not about the code", remedy = "do it, or say it in the commit";
        return file.Extension == ".md"
            ? file.Matches(WorkNote(), problem, remedy)
            : file.Comments.Where(c => WorkNote().IsMatch(c.Text) || Step().IsMatch(c.Text)).Select(c => file.At(c.Line, problem, remedy));
    }

    private static IEnumerable<Finding> Echoes(SourceFile file)
    {
        var alone = file.Comments.Where(c => file.IsCSharp && c.OwnLine).Select(c => c.Line).ToHashSet();
        return from comment in file.Comments
               let line = comment.Line
               where alone.Contains(line) && !alone.Contains(line - 1) && !alone.Contains(line + 1) && line < file.Lines.Length
               where Prose.Restates(comment.Text, file.Lines[line])
               select file.At(line, "the comment repeats the line below", "delete it, or say why the line is there");
    }

    private static IEnumerable<Finding> Emoji(SourceFile file) => file.Matches(EmojiSign(), "there is an emoji", "say it in words");

    private static IEnumerable<Finding> NoteFiles(SourceFile file) =>
        file.Extension is ".md" or ".txt" && NoteName().IsMatch(Path.GetFileNameWithoutExtension(file.Name))
            ? [file.At(1, "a note about the work is wrong next week", "delete it; decisions go to Services/decisions")]
            : [];

    private static IEnumerable<Finding> Hype(SourceFile file) =>
        file.Name == "README.md" ? file.Matches(Praise(), "this is praise", "show a command or a number instead") : [];

    private static IEnumerable<Finding> PrivatePlaces(SourceFile file) =>
        file.Matches(PrivatePlace(), "this names a place that only one machine or feed has", "use a path in the repository, or a setting");

    [GeneratedRegex(@"^(arrange|act|assert|given|when|then)\s*([:&/].*)?$", RegexOptions.IgnoreCase)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b|\b(?i:as requested|phase [0-9]+)\b")]
    private static partial Regex WorkNote();

    [GeneratedRegex("^step [0-9]", RegexOptions.IgnoreCase)]
    private static partial Regex Step();

    // Without the signs that are text: ☐ ☒ ✓ ✗.
    [GeneratedRegex(@"[\u2600-\u260F\u2614-\u2712\u2714-\u2716\u2718-\u27BF\u2B50\u2B55\uFE0F\uD83C-\uD83E]")]
    private static partial Regex EmojiSign();

    [GeneratedRegex("(^|[-_])(plan|summary|status|notes?|handoff|todo)$|^(plan|summary|status|notes?|handoff|todo)([-_]|$)", RegexOptions.IgnoreCase)]
    private static partial Regex NoteName();

    [GeneratedRegex(
        @"\b(blazing|powerful|seamless|cutting-edge|robust|state-of-the-art|enterprise-grade|effortless|world-class|revolutionary)(ly)?\b",
        RegexOptions.IgnoreCase)]
    private static partial Regex Praise();

    [GeneratedRegex(@"(?<![\w.}])(/wo" + "rk/|/tmp" + "/wt|/ro" + @"ot/)|nuget\" + @".org|registry\.npmjs\" + @".org|deb\.debian\" + @".org|pypi\" + ".org")]
    private static partial Regex PrivatePlace();
}
