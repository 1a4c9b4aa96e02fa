using System.Runtime.CompilerServices;
using System.Text;

namespace Allocora.Testing;

public sealed class GoldenException(string message) : Exception(message);

/// <summary>
/// Compares what was produced with a checked-in file beside the test. With ALLOCORA_UPDATE_GOLDEN=1 it writes the file
/// instead and fails all the same, so that a run which rewrites can never be taken for one which passes.
/// </summary>
public static class Golden
{
    public const string UpdateVariable = "ALLOCORA_UPDATE_GOLDEN";

    public static void Matches(string actual, string file, [CallerFilePath] string caller = "") =>
        Compare(Encoding.UTF8.GetBytes(actual), Beside(caller, file), text: true);

    public static void Matches(ReadOnlySpan<byte> actual, string file, [CallerFilePath] string caller = "") =>
        Compare(actual, Beside(caller, file), text: false);

    private static string Beside(string caller, string file) => Path.Combine(Path.GetDirectoryName(caller)!, file);

    private static void Compare(ReadOnlySpan<byte> actual, string path, bool text)
    {
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, actual);
            throw new GoldenException($"{path} was written. Read the difference, then run again without {UpdateVariable}.");
        }
        if (!File.Exists(path)) throw new GoldenException($"{path} is missing. Run once with {UpdateVariable}=1 to write it.");

        var expected = File.ReadAllBytes(path);
        if (actual.SequenceEqual(expected)) return;
        var difference = text ? FirstLine(Encoding.UTF8.GetString(expected), Encoding.UTF8.GetString(actual)) : FirstByte(expected, actual);
        throw new GoldenException($"{path} {difference}\nIf the new form is right, run once with {UpdateVariable}=1.");
    }

    private static string FirstLine(string expected, string actual)
    {
        string[] there = expected.Split('\n'), here = actual.Split('\n');
        var line = 0;
        while (line < there.Length && line < here.Length && there[line] == here[line]) line++;
        return $"differs at line {line + 1}:\n  expected: {Line(there, line)}\n  actual:   {Line(here, line)}";
    }

    // Quoted, so that a space or a carriage return at the end can be seen.
    private static string Line(string[] lines, int line) =>
        line < lines.Length ? $"\"{lines[line].Replace("\r", "\\r", StringComparison.Ordinal)}\"" : "(the end)";

    private static string FirstByte(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual)
    {
        var at = expected.CommonPrefixLength(actual);
        var lengths = $"lengths {expected.Length} and {actual.Length}";
        return $"differs at byte {at} ({lengths}):\n  expected: {Bytes(expected, at)}\n  actual:   {Bytes(actual, at)}";
    }

    private static string Bytes(ReadOnlySpan<byte> all, int at) =>
        at < all.Length ? Convert.ToHexString(all[at..Math.Min(at + 16, all.Length)]) : "(the end)";
}
