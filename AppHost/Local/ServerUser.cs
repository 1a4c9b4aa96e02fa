using System.Diagnostics;

namespace Allocora.AppHost;

/// <summary>Whom a server runs as. PostgreSQL refuses to run as root, so root starts it as the user its package made.</summary>
internal sealed class ServerUser
{
    private readonly string? name;

    private ServerUser(string? name) => this.name = name;

    /// <summary>What a server needs to know of our environment, which may hold secrets, is only where programs are.</summary>
    public static IReadOnlyDictionary<string, string> PlainEnvironment { get; } = new Dictionary<string, string>
    {
        ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/local/bin:/usr/bin:/bin",
        ["LANG"] = "C.UTF-8",
    };

    public static ServerUser ForPostgres()
    {
        if (!Environment.IsPrivilegedProcess) return new(null);
        if (Succeeds("id", "postgres")) return new("postgres");
        throw new StartFailure("PostgreSQL does not run as root and there is no user postgres; make one, or run as an ordinary user.");
    }

    /// <summary>The words that make setpriv become this user, able to reach the folder.</summary>
    public IReadOnlyList<string> BecomeFor(string folder)
    {
        if (name is null) return [];
        string[] become = ["--reuid", name, "--regid", name, "--init-groups"];
        if (Succeeds("setpriv", [.. become, "--", "ls", "-d", folder])) return become;

        // The folder lies below one that only root may enter (/root, a private /tmp folder): the right to pass through is enough.
        foreach (var right in new[] { "dac_read_search", "dac_override" })
        {
            string[] able = [.. become, "--inh-caps", $"+{right}", "--ambient-caps", $"+{right}"];
            if (Succeeds("setpriv", [.. able, "--", "ls", "-d", folder])) return able;
        }
        throw new StartFailure($"The user {name}, whom PostgreSQL runs as, cannot reach {folder}; give another folder with --data.");
    }

    /// <summary>Makes the user the owner of a folder and all that is in it.</summary>
    public void Give(string folder)
    {
        if (name is not null && !Succeeds("chown", "-R", $"{name}:{name}", folder)) throw new StartFailure($"{folder} cannot be given to the user {name}.");
    }

    private static bool Succeeds(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
