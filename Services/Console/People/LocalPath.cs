namespace Allocora.Console;

/// <summary>Where to go after signing in: a page of this Console, and never anywhere else, whatever a link says.</summary>
internal static class LocalPath
{
    private const int LengthMax = 2000;

    /// <summary>The path as it was given, or the start page. Browsers read a backslash as a slash, and leave out what cannot be seen.</summary>
    public static string Of(string? path) => path is ['/', .. var rest] && rest is not ['/', ..] && path.Length <= LengthMax && path.All(IsPlain) ? path : "/";

    private static bool IsPlain(char c) => c is > ' ' and < '\x7f' and not '\\';
}
