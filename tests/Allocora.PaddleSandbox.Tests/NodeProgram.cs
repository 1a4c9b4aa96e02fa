using System.Diagnostics;
using System.Text;
using Allocora.Testing;

namespace Allocora.PaddleSandbox;

/// <summary>A program of tests/PaddleSdk, run to its end.</summary>
internal static class NodeProgram
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public static async Task<(int Code, string Said, string Complained)> Run(string script, IEnumerable<string>? input, params string[] arguments)
    {
        var folder = Path.Combine(Repository.Root, "tests", "PaddleSdk");
        Assert.True(Directory.Exists(Path.Combine(folder, "node_modules")), "Run npm ci in tests/PaddleSdk, as ./allocora test does.");
        var start = new ProcessStartInfo("node", [script, .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
        };
        using var deadline = new CancellationTokenSource(Patience);
        using var program = Process.Start(start)!;
        try
        {
            var (said, complained) = (program.StandardOutput.ReadToEndAsync(deadline.Token), program.StandardError.ReadToEndAsync(deadline.Token));
            foreach (var line in input ?? []) await program.StandardInput.WriteLineAsync(line.AsMemory(), deadline.Token);
            program.StandardInput.Close();
            await program.WaitForExitAsync(deadline.Token);
            return (program.ExitCode, await said, await complained);
        }
        finally
        {
            if (!program.HasExited) program.Kill(entireProcessTree: true);
        }
    }
}
