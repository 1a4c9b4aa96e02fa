using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Allocora.AppHost;

/// <summary>The folder one running system keeps everything in: server data, logs, passwords, the ports it had last time.</summary>
internal sealed class DataFolder : IDisposable
{
    public const UnixFileMode OnlyOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // read by people and shells, not by browsers
    };
    private readonly FileStream held;
    private readonly Dictionary<string, string> secrets;
    private readonly Dictionary<string, int> ports;

    private DataFolder(string path, FileStream held)
    {
        (Path, this.held) = (path, held);
        secrets = Read<Dictionary<string, string>>("secrets.json", onDamage: () => throw new StartFailure(
            $"{this["secrets.json"]} is damaged. It holds the passwords of the servers in this folder: put it back, or use another folder with --data."));
        ports = Read<Dictionary<string, int>>("ports.json", onDamage: () => []); // others will do
    }

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public string LogPath(string name) => System.IO.Path.Combine(Path, "logs", $"{name}.log");

    /// <summary>Makes the folder if need be and holds it until the process ends: two systems cannot share one.</summary>
    public static DataFolder Open(string path)
    {
        var held = Hold(path);
        try
        {
            held.SetLength(0);
            held.Write(Encoding.ASCII.GetBytes($"{Environment.ProcessId}")); // whom ./allocora down has to ask
            held.Flush();
            return new(path, held);
        }
        catch (IOException e)
        {
            throw new StartFailure($"The data folder {path} cannot be written: {e.Message.TrimEnd('.')}.");
        }
    }

    private static FileStream Hold(string path)
    {
        var file = System.IO.Path.Combine(path, "lock");
        try
        {
            Directory.CreateDirectory(path);
            Directory.CreateDirectory(System.IO.Path.Combine(path, "logs"), OnlyOwner | UnixFileMode.UserExecute);
            File.SetUnixFileMode(System.IO.Path.Combine(path, "logs"), OnlyOwner | UnixFileMode.UserExecute);
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException)
        {
            throw new StartFailure($"The data folder {path} cannot be written; give another with --data.");
        }
        catch (IOException) when (File.Exists(file))
        {
            throw new StartFailure($"Allocora already runs on {path}, or is just starting or stopping there; stop it with ./allocora down.");
        }
        catch (IOException e)
        {
            throw new StartFailure($"The data folder {path} cannot be used: {e.Message.TrimEnd('.')}.");
        }
    }

    public void Dispose() => held.Dispose();

    public bool Knows(string secret)
    {
        lock (secrets) return secrets.ContainsKey(secret);
    }

    /// <summary>A password made once for this folder.</summary>
    public string Secret(string name) => Made(name, () => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20)));

    /// <summary>32 random bytes in Base64, made once for this folder.</summary>
    public string Key(string name) => Made(name, () => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));

    /// <summary>A key of a folder that somebody else holds; null when it has none.</summary>
    public static string? KeyIn(string path, string name)
    {
        var file = System.IO.Path.Combine(path, "secrets.json");
        return File.Exists(file) ? JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(file), Json)?.GetValueOrDefault(name) : null;
    }

    /// <summary>The demo as the console made it; null when there is none.</summary>
    public DemoAsMade? Demo() => File.Exists(this[Addresses.DemoFile])
        ? JsonSerializer.Deserialize<DemoAsMade>(File.ReadAllText(this[Addresses.DemoFile]), Json)
        : null;

    /// <summary>The port of last time when it is still free, so that links stay good; otherwise another.</summary>
    public IReadOnlyDictionary<string, int> Ports(IEnumerable<string> names, IReadOnlyDictionary<string, int> wanted)
    {
        foreach (var (name, port) in wanted)
        {
            if (!IsFree(port)) throw new StartFailure($"Port {port} is taken; free it or choose another with --port.");
            foreach (var other in ports.Where(p => p.Value == port).ToList()) ports.Remove(other.Key);
            ports[name] = port;
        }
        foreach (var name in names.Except(wanted.Keys))
        {
            if (!ports.TryGetValue(name, out var port) || !IsFree(port)) ports[name] = AnyFree();
        }
        Write("ports.json", ports);
        return ports;
    }

    public void Write<T>(string name, T content)
    {
        var path = this[name];
        var secretly = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OnlyOwner };
        using (var file = new FileStream(path + ".new", secretly))
        {
            JsonSerializer.Serialize(file, content, Json);
            file.Flush(flushToDisk: true); // the name must not be there before the content is
        }
        File.Move(path + ".new", path, overwrite: true);
    }

    public void Remove(string name) => File.Delete(this[name]);

    private string Made(string name, Func<string> make)
    {
        lock (secrets)
        {
            if (secrets.TryGetValue(name, out var known)) return known;
            secrets[name] = make();
            Write("secrets.json", secrets);
            return secrets[name];
        }
    }

    private T Read<T>(string name, Func<T> onDamage) where T : new()
    {
        if (!File.Exists(this[name])) return new();
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllText(this[name]), Json) ?? onDamage();
        }
        catch (JsonException)
        {
            return onDamage();
        }
    }

    // Below the range the kernel hands out for outgoing connections, so that none of those takes it between now and its use.
    private int AnyFree()
    {
        for (var attempt = 0; attempt < 1000; attempt++)
        {
            var port = RandomNumberGenerator.GetInt32(15_000, 32_000);
            if (!ports.ContainsValue(port) && IsFree(port)) return port;
        }
        throw new StartFailure("No free port was found between 15000 and 32000.");
    }

    private static bool IsFree(int port)
    {
        if (port is < 1 or > IPEndPoint.MaxPort) return false;
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

/// <summary>The workspace of the demo, and one API key for each role.</summary>
internal sealed record DemoAsMade(string Workspace, IReadOnlyDictionary<string, string> Tokens);
