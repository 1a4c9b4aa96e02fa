using System.Security.Cryptography;
using Allocora.EventStore;

namespace Allocora.Cli;

/// <summary>Says of a file in one line whether it is a whole and unchanged export of a ledger.</summary>
internal static class VerifyCommand
{
    private const int Whole = 0, Bad = 1, Wrong = 2;

    public static async Task<int> Run(IReadOnlyList<string> words, TextWriter output, TextWriter errors)
    {
        var (file, heads, keyFiles) = (default(string), default(string), new List<string>());
        for (var i = 0; i < words.Count; i++)
        {
            switch (words[i])
            {
                case "--key" when i + 1 < words.Count: keyFiles.Add(words[++i]); break;
                case "--heads" when i + 1 < words.Count && heads is null: heads = words[++i]; break;
                case var word when file is null && !word.StartsWith("--", StringComparison.Ordinal): file = word; break;
                default: return Usage(errors, $"verify cannot use {words[i]} there.");
            }
        }
        if (file is null) return Usage(errors, "Name the file to verify.");
        var keys = new List<HeadKey>();
        try
        {
            foreach (var path in keyFiles) keys.Add(KeyOf(path));
            await output.WriteLineAsync(await VerifyExport.Run(file, heads, keys));
            return Whole;
        }
        catch (BadExportException e)
        {
            await output.WriteLineAsync(e.Message);
            return Bad;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotAnExportException)
        {
            return Usage(errors, e.Message);
        }
        finally
        {
            keys.ForEach(k => k.Dispose());
        }
    }

    public static int Usage(TextWriter errors, string why)
    {
        errors.WriteLine($"{why} See ./allocora verify --help");
        return Wrong;
    }

    private static HeadKey KeyOf(string path)
    {
        try
        {
            return HeadKey.Of(File.ReadAllText(path));
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            throw new NotAnExportException($"{path} is not a key on P-256 in PEM.");
        }
    }
}
