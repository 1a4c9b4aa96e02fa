using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Allocora.Contracts.Api;
using Allocora.EventStore;

namespace Allocora.Cli;

/// <summary>Recomputes an export from its first line to its last, and holds it against the heads in it and those kept elsewhere.</summary>
internal static class VerifyExport
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <param name="heads">The file of signed heads a service keeps outside its database, or a copy of it; null when there is none at hand.</param>
    /// <param name="given">The keys to trust; without any, the one the file names.</param>
    /// <returns>What it is, in one line.</returns>
    public static async Task<string> Run(string path, string? heads, IReadOnlyList<HeadKey> given)
    {
        var begin = await BeginOf(path);
        using var named = NamedKey(begin);
        var keys = given.Count > 0 ? given : [named];
        var walk = new ExportWalk(begin, keys, await Inside(path), await Outside(heads, begin, keys));
        await foreach (var (number, line) in LineReader.Read(path))
        {
            if (number > 1) walk.Step(number, line?.RootElement ?? throw new BadExportException(walk.Next, number, "this is no whole line of JSON"));
        }
        walk.Close();
        return Verdict(begin, walk, given.Count > 0);
    }

    private static string Verdict(ExportBegin begin, ExportWalk walk, bool isKeyGiven)
    {
        var text = new StringBuilder("ok: ").Append(CultureInfo.InvariantCulture, $"{walk.Count} events, head {walk.Chain} at {walk.End!.Sequence}; ");
        if (begin.After > 0 || begin.To is not null) text.Append(CultureInfo.InvariantCulture, $"a part of the log, after {begin.After}; ");
        text.Append(CultureInfo.InvariantCulture, $"workspace {begin.Workspace}, exported {walk.End.At.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, ");
        text.Append(CultureInfo.InvariantCulture, $"{walk.Agreed} signed heads agree, key {walk.End.KeyId}");
        if (!isKeyGiven) text.Append(" (named by the file itself: compare it with one you got elsewhere)");
        if (walk.UnknownKeys > 0) text.Append(CultureInfo.InvariantCulture, $"; {walk.UnknownKeys} heads of other keys not counted");
        return text.ToString();
    }

    private static async Task<ExportBegin> BeginOf(string path)
    {
        await foreach (var (_, line) in LineReader.Read(path))
        {
            if (line is not null && Read<ExportBegin>(line.RootElement) is { Format: LedgerExport.Format } begin)
            {
                if (begin.Version != LedgerExport.Version)
                    throw new NotAnExportException($"{path} is an export of version {begin.Version}, and this program knows {LedgerExport.Version}.");
                if (begin.Service.Contains('\n', StringComparison.Ordinal) || begin.Workspace.Contains('\n', StringComparison.Ordinal))
                    throw new BadExportException(null, 1, "a name holds a line break");
                return begin;
            }
            break;
        }
        throw new NotAnExportException($"{path} does not begin as an export of a ledger does.");
    }

    private static HeadKey NamedKey(ExportBegin begin)
    {
        try
        {
            return HeadKey.Of(begin.Key.PublicKey);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            throw new BadExportException(null, 1, "the key it names is none");
        }
    }

    // They stand behind the events, and the walk needs them before.
    private static async Task<List<(long Line, LedgerCheckpoint Head)>> Inside(string path)
    {
        var found = new List<(long, LedgerCheckpoint)>();
        await foreach (var (number, line) in LineReader.Read(path, "{\"head\""u8.ToArray()))
        {
            var head = line is null || !line.RootElement.TryGetProperty("head", out var inner) ? null : Read<LedgerCheckpoint>(inner);
            found.Add((number, head ?? throw new BadExportException(null, number, "this is no signed head")));
        }
        return found;
    }

    private static async Task<IReadOnlyList<SignedHead>> Outside(string? heads, ExportBegin begin, IReadOnlyList<HeadKey> keys)
    {
        if (heads is null) return [];
        try
        {
            return await new HeadFile(heads, begin.Service).Of(begin.Workspace, [.. keys], CancellationToken.None);
        }
        catch (InvalidDataException e)
        {
            throw new NotAnExportException($"{e.Message} Name the key of every head with --key.");
        }
    }

    public static T? Read<T>(JsonElement element) where T : class
    {
        try
        {
            return element.Deserialize<T>(Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
