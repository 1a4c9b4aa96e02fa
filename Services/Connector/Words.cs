namespace Allocora.Connector;

/// <summary>How our words are spelled where they are stored and shown.</summary>
internal static class Words
{
    public static string Of<T>(T word) where T : struct, Enum => System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(word.ToString());

    public static T Read<T>(string text) where T : struct, Enum => Enum.Parse<T>(text.Replace("-", "", StringComparison.Ordinal), ignoreCase: true);
}
