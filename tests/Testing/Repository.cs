namespace Allocora.Testing;

/// <summary>The source tree the running tests were built from.</summary>
public static class Repository
{
    public static string Root { get; } = Above(AppContext.BaseDirectory);

    /// <summary>The nearest folder at or above <paramref name="folder"/> that holds the solution.</summary>
    public static string Above(string folder)
    {
        for (var here = new DirectoryInfo(folder); here is not null; here = here.Parent)
        {
            if (File.Exists(Path.Combine(here.FullName, "Allocora.sln"))) return here.FullName;
        }
        throw new DirectoryNotFoundException($"There is no Allocora.sln in {folder} or above it.");
    }
}
