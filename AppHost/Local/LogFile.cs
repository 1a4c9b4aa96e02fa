namespace Allocora.AppHost;

/// <summary>What a process writes, in a file that never grows beyond two times its limit, and on the terminal when wanted.</summary>
internal sealed class LogFile(string path, Action<string>? alsoTo = null)
{
    private const long SizeMax = 16 * 1024 * 1024;
    private readonly Lock writing = new();
    private StreamWriter? writer;

    public string Path => path;

    public void Write(string? line)
    {
        if (line is null) return;
        try
        {
            WriteToFile(line);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk must not stop the system. The line is shown where somebody looks, and the next one is tried again.
            lock (writing) writer = null;
        }
        alsoTo?.Invoke(line);
    }

    private void WriteToFile(string line)
    {
        lock (writing)
        {
            if (writer is { BaseStream.Length: > SizeMax })
            {
                writer.Dispose();
                File.Move(path, path + ".1", overwrite: true);
                writer = null;
            }
            writer ??= new StreamWriter(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
            writer.WriteLine(line);
        }
    }
}
