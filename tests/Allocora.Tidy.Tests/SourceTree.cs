using System.Diagnostics;

namespace Allocora.Tidy;

/// <summary>Every file a commit of this repository would hold, without what is built or ignored.</summary>
internal sealed class SourceTree(IEnumerable<SourceFile> files)
{
    private static readonly string[] NotOurs = ["bin", "obj", ".git", ".allocora", "TestResults", "node_modules"];

    public static SourceTree Real { get; } = Read(Root());

    public IReadOnlyList<SourceFile> Files { get; } = [.. files];

    public bool Has(string path) => Files.Any(f => f.Path == path);

    public static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Allocora.sln"))) return folder.FullName;
        }
        throw new DirectoryNotFoundException($"There is no Allocora.sln above {AppContext.BaseDirectory}.");
    }

    private static SourceTree Read(string root) => new(
        from path in Listed(root) ?? Walked(root)
        let file = Path.Combine(root, path)
        where File.Exists(file) // git lists a deleted file until the deletion is committed
        orderby path
        select new SourceFile(path, File.ReadAllBytes(file)));

    /// <summary>Null where there is no git, or no checkout: a source archive is checked as well.</summary>
    private static string[]? Listed(string root)
    {
        try
        {
            var start = new ProcessStartInfo("git", ["-C", root, "ls-files", "-z", "-co", "--exclude-standard"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using var git = Process.Start(start)!;
            git.ErrorDataReceived += (_, _) => { };
            git.BeginErrorReadLine();
            var paths = git.StandardOutput.ReadToEnd().Split('\0', StringSplitOptions.RemoveEmptyEntries);
            git.WaitForExit();
            return git.ExitCode == 0 && paths.Length > 0 ? paths : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // git is not installed
        }
    }

    private static IEnumerable<string> Walked(string root) =>
        from file in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
        let path = Path.GetRelativePath(root, file).Replace('\\', '/')
        where !path.Split('/').Any(NotOurs.Contains)
        select path;
}
