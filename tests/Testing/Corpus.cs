using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Allocora.EventStore;

namespace Allocora.Testing;

/// <summary>An event's data as some version of the program stored it, kept in <c>corpus/TYPE/vN/NAME.json</c> and never changed.</summary>
/// <param name="Name">Type, version and file, as <c>sale_recorded/v1/plain.json</c>.</param>
public sealed record FrozenEvent(string Name, string Type, int Version, string Data)
{
    public StoredEvent Stored { get; } = new(
        1, Guid.Empty, "ws_one", "frozen", 1, Type, Encoding.UTF8.GetBytes(Data), DateTimeOffset.UnixEpoch,
        string.Create(CultureInfo.InvariantCulture, $$"""{"schema_version":{{Version}}}"""), null, null);
}

public static class Corpus
{
    /// <summary>Everything frozen in the folder <c>corpus</c> beside the test.</summary>
    public static IReadOnlyList<FrozenEvent> Beside([CallerFilePath] string caller = "")
    {
        var folder = Path.Combine(Path.GetDirectoryName(caller)!, "corpus");
        return
        [
            .. from file in Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories)
               let name = Path.GetRelativePath(folder, file).Replace('\\', '/')
               orderby name
               let parts = name.Split('/')
               select new FrozenEvent(name, parts[0], int.Parse(parts[1].AsSpan(1), CultureInfo.InvariantCulture), File.ReadAllText(file)),
        ];
    }
}
