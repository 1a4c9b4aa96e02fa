using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Allocora.EventStore;

/// <summary>What a workspace's log held at a moment, signed. A copy of it outside the database outlives what happens inside.</summary>
/// <param name="Chain">In hexadecimal.</param>
/// <param name="Key">Names the key that signed: the beginning of its public half's hash.</param>
public sealed record SignedHead(
    string Service, string Workspace, long Sequence, long Events, string Chain, DateTimeOffset At, string Key, string Signature)
{
    /// <summary>What is signed, in one fixed order; the first line is the version of the form.</summary>
    internal byte[] Statement() => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
        $"allocora head 1\n{Service}\n{Workspace}\n{Sequence}\n{Events}\n{Chain}\n{At.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'}\n"));
}

/// <summary>An ECDSA key on P-256. It lives in a file, never in the database whose heads it signs.</summary>
public sealed class HeadKey : IDisposable
{
    private readonly ECDsa key;

    private HeadKey(ECDsa key)
    {
        this.key = key;
        Id = Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))[..16];
    }

    public string Id { get; }

    /// <summary>What whoever verifies needs.</summary>
    public string PublicPem => key.ExportSubjectPublicKeyInfoPem();

    /// <summary>Reads the key of a file; where there is no file, a new key is made and kept there, for its owner alone.</summary>
    public static HeadKey Open(string path)
    {
        try
        {
            if (!File.Exists(path)) Make(path);
            return Of(File.ReadAllText(path));
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            throw Invalid($"{path} is not a private key on P-256 in PEM; put the right file there, or take it away to begin with a new key.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Invalid($"{path} can neither be read nor made: {e.Message}");
        }
    }

    /// <param name="pem">A private key, or a public one that can only verify.</param>
    public static HeadKey Of(string pem)
    {
        var key = ECDsa.Create();
        key.ImportFromPem(pem);
        return key.KeySize == 256 ? new(key) : throw new CryptographicException("The key is not on P-256.");
    }

    public SignedHead Sign(SignedHead head)
    {
        var named = head with { Key = Id };
        return named with { Signature = Convert.ToBase64String(key.SignData(named.Statement(), HashAlgorithmName.SHA256)) };
    }

    public bool HasSigned(SignedHead head) =>
        head.Key == Id
        && Convert.TryFromBase64String(head.Signature, new byte[head.Signature.Length], out _)
        && key.VerifyData(head.Statement(), Convert.FromBase64String(head.Signature), HashAlgorithmName.SHA256);

    public void Dispose() => key.Dispose();

    private static OptionsValidationException Invalid(string why) => new("Heads:KeyFile", typeof(HeadOptions), [$"Heads__KeyFile: {why}"]);

    private static void Make(string path)
    {
        using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        // Whole or not at all: half a key would be refused for ever. Of two that start at once, the first wins.
        var half = $"{path}.{Path.GetRandomFileName()}";
        var secretly = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) secretly.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new StreamWriter(half, Encoding.ASCII, secretly)) file.Write(made.ExportPkcs8PrivateKeyPem());
        try
        {
            File.Move(half, path, overwrite: false);
        }
        catch (IOException)
        {
            File.Delete(half);
            if (!File.Exists(path)) throw;
        }
    }
}

/// <summary>The copy outside the database: one signed head a line, only ever added to. Services may share a file.</summary>
public sealed class HeadFile(string path, string service)
{
    private static readonly JsonSerializerOptions Whole = new() { RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true };

    /// <summary>Adds heads and returns when they are on the disk.</summary>
    public async Task Add(IEnumerable<SignedHead> heads, CancellationToken ct)
    {
        var lines = new StringBuilder();
        foreach (var head in heads) lines.Append(JsonSerializer.Serialize(head)).Append('\n');
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        // Alone: two that write at the end they saw would write over each other. Who finds it taken comes again.
        await using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        // What a crash left of a line must not spoil the next one.
        if (!await EndsWhole(file, ct)) lines.Insert(0, '\n');
        await file.WriteAsync(Encoding.UTF8.GetBytes(lines.ToString()), ct);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Which key signed last; null when nothing was signed yet.</summary>
    public async Task<string?> LastKey(CancellationToken ct)
    {
        string? last = null;
        if (File.Exists(path))
            await foreach (var (_, head) in Heads(ct)) last = head.Key;
        return last;
    }

    /// <summary>
    /// A workspace's heads in the order of the log. A line that is no head, or one that none of the keys signed, is refused; a line
    /// without its end is what a crash left, and says nothing.
    /// </summary>
    public async Task<IReadOnlyList<SignedHead>> Of(string workspace, IReadOnlyCollection<HeadKey> keys, CancellationToken ct)
    {
        var heads = new List<SignedHead>();
        await foreach (var (number, head) in Heads(ct))
        {
            if (!keys.Any(key => key.HasSigned(head)))
                throw new InvalidDataException($"Line {number} of {path} is not a head that was signed with a known key.");
            if (head.Service == service && head.Workspace == workspace) heads.Add(head);
        }
        return [.. heads.OrderBy(h => h.Sequence)];
    }

    /// <summary>Looks at the last byte and leaves the file at its end.</summary>
    private static async Task<bool> EndsWhole(FileStream file, CancellationToken ct)
    {
        if (file.Seek(0, SeekOrigin.End) == 0) return true;
        file.Seek(-1, SeekOrigin.End);
        var last = new byte[1];
        await file.ReadExactlyAsync(last, ct);
        return last[0] == '\n';
    }

    private async IAsyncEnumerable<(int Line, SignedHead Head)> Heads([EnumeratorCancellation] CancellationToken ct)
    {
        var number = 0;
        await foreach (var line in File.ReadLinesAsync(path, ct))
        {
            number++;
            if (line.EndsWith('}')) yield return (number, Read(line) ?? throw new InvalidDataException($"Line {number} of {path} is no signed head."));
        }
    }

    private static SignedHead? Read(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<SignedHead>(line, Whole);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
