using System.Text.Json;

namespace Allocora.Console;

/// <summary>The demo's workspace, and a token for each part somebody can play in it.</summary>
internal sealed record DemoFile(string Workspace, IReadOnlyDictionary<string, string> Tokens)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <returns>Null when there is none, or none of ours.</returns>
    public static DemoFile? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<DemoFile>(File.ReadAllText(path), Json);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Puts the file in its place whole or not at all, for its owner's eyes only.</summary>
    public void Write(string path)
    {
        var next = $"{path}.new";
        var secretly = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) secretly.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        // One that was left behind may be open to others.
        File.Delete(next);
        using (var file = new FileStream(next, secretly))
        {
            JsonSerializer.Serialize(file, this, Json);
            file.Flush(flushToDisk: true);
        }
        File.Move(next, path, overwrite: true);
    }
}
