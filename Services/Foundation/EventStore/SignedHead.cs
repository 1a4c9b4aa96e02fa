using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

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
        if (!File.Exists(path)) Make(path);
        return Of(File.ReadAllText(path));
    }

    /// <param name="pem">A private key, or a public one that can only verify.</param>
    public static HeadKey Of(string pem)
    {
        var key = ECDsa.Create();
        key.ImportFromPem(pem);
        return new(key);
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
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(half);
        }
    }
}

/// <summary>The copy outside the database: one signed head a line, only ever added to.</summary>
public sealed class HeadFile(string path)
{
    /// <summary>Adds heads and returns when they are on the disk.</summary>
    public async Task Add(IEnumerable<SignedHead> heads, CancellationToken ct)
    {
        var lines = new StringBuilder();
        foreach (var head in heads) lines.Append(JsonSerializer.Serialize(head)).Append('\n');
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        await using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        await file.WriteAsync(Encoding.UTF8.GetBytes(lines.ToString()), ct);
        file.Flush(flushToDisk: true);
    }

    /// <summary>A workspace's heads in the order of the log. A line that none of the keys signed is refused by its number.</summary>
    public async Task<IReadOnlyList<SignedHead>> Of(string workspace, IReadOnlyCollection<HeadKey> keys, CancellationToken ct)
    {
        var heads = new List<SignedHead>();
        var number = 0;
        await foreach (var line in File.ReadLinesAsync(path, ct))
        {
            number++;
            if (Read(line) is not { } head || !keys.Any(key => key.HasSigned(head)))
                throw new InvalidDataException($"Line {number} of {path} is not a head that was signed with a known key.");
            if (head.Workspace == workspace) heads.Add(head);
        }
        return [.. heads.OrderBy(h => h.Sequence)];
    }

    private static SignedHead? Read(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<SignedHead>(line);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
