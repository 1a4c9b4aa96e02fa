using System.Globalization;

namespace Allocora.Console.Tests;

/// <summary>Where a host of the tests keeps the key of its heads, and the heads: each in files of its own, gone when the tests are over.</summary>
internal static class HeadFiles
{
    private static readonly string Folder = Directory.CreateTempSubdirectory("allocora-heads-").FullName;
    private static int last;

    static HeadFiles() => AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Folder, recursive: true);

    public static string[] Settings()
    {
        var mine = Path.Combine(Folder, Interlocked.Increment(ref last).ToString(CultureInfo.InvariantCulture));
        return [$"--Heads:KeyFile={mine}.pem", $"--Heads:File={mine}.ndjson"];
    }
}
