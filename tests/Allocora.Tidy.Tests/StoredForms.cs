using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Allocora.Tidy;

/// <summary>What a log was ever written in is kept in <c>corpus/TYPE/vN</c>, and nobody makes it fit a program that cannot read it any more.</summary>
/// <remarks>
/// The manifest notices before there is a commit, and where there is no history, but who edits a file can edit its line too.
/// The history cannot be talked round, but only reaches what was committed, and a shallow checkout has none. So both are asked.
/// </remarks>
internal static partial class StoredForms
{
    private const string Manifest = "manifest.sha256";
    private const string Kept = """{"Sale":"1"}""";

    public static Rule[] Rules =>
    [
        new("A stored form is kept as it was", Unlike, $$"""
            === Contracts/Events/corpus/sale_recorded/v1/kept.json
            {{Kept}}
            === »Contracts/Events/corpus/sale_recorded/v1/edited.json
            {"Sale":"2"}
            === »Contracts/Events/corpus/sale_recorded/v2/new.json
            {{Kept}}
            === Contracts/Events/corpus/manifest.sha256
            {{Hash(Encoding.UTF8.GetBytes(Kept))}}  sale_recorded/v1/kept.json
            {{Hash(Encoding.UTF8.GetBytes(Kept))}}  sale_recorded/v1/edited.json
            »{{Hash(Encoding.UTF8.GetBytes(Kept))}}  sale_recorded/v1/deleted.json
            »nonsense
            === »tests/Allocora.Ledger.Tests/corpus/sale_recorded/v1/alone.json
            {{Kept}}
            === Contracts/spec/v1/openapi.json
            {}
            """),
    ];

    /// <summary>Every path of a stored form that a commit changed, renamed or deleted; none where there is no whole history.</summary>
    public static IReadOnlyList<string> ChangedInHistory(string root) =>
        Git(root, "rev-parse", "--is-shallow-repository") is ["false"]
            ? Git(root, "log", "-m", "--no-renames", "--diff-filter=MDT", "--name-only", "--format=", "--", ":(top,glob)**/corpus/*/v*/*.json") ?? []
            : [];

    private static IEnumerable<Finding> Unlike(SourceTree tree)
    {
        var forms = tree.Files.Where(f => Form().IsMatch(f.Path)).ToList();
        var entries = (from manifest in tree.Files
                       where manifest.Name == Manifest
                       from line in manifest.Lines.Index()
                       let parts = line.Item.Split("  ", 2)
                       select (Manifest: manifest, Line: line.Index + 1, Hash: parts[0], Path: $"{manifest.Folder}/{parts[^1]}")).ToList();
        var known = entries.ToLookup(e => e.Path, e => e.Hash);
        var unlike = from form in forms
                     where !known[form.Path].SequenceEqual([form.Sha256])
                     select form.At(1, "this is not the stored form the manifest knows",
                         $"a form that was never released gets a line in {Manifest}; any other stays as it was and gets an upcaster");
        var gone = from entry in entries
                   where !forms.Exists(f => f.Path == entry.Path)
                   select entry.Manifest.At(entry.Line, "the stored form is gone", "bring it back: logs still hold it");
        return unlike.Concat(gone);
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>The lines git answers, null where there is no git or no checkout.</summary>
    private static string[]? Git(string root, params string[] words)
    {
        try
        {
            var start = new ProcessStartInfo("git", ["-C", root, .. words]) { RedirectStandardOutput = true, RedirectStandardError = true };
            using var git = Process.Start(start)!;
            git.ErrorDataReceived += (_, _) => { };
            git.BeginErrorReadLine();
            var lines = git.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
            git.WaitForExit();
            return git.ExitCode == 0 ? lines : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // git is not installed
        }
    }

    [GeneratedRegex(@"(^|/)corpus/[^/]+/v[0-9]+/[^/]+\.json$")]
    private static partial Regex Form();
}
