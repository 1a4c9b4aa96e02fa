using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;

namespace Allocora.ServiceDefaults;

/// <summary>A body that says something twice, leaves out what is needed, or says what nobody reads is refused, not half understood.</summary>
internal static partial class StrictJson
{
    private const int DepthMax = 64;

    public static void AddStrictJson(this IServiceCollection services) => services.ConfigureHttpJsonOptions(o =>
    {
        o.SerializerOptions.AllowDuplicateProperties = false;
        o.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        o.SerializerOptions.RespectNullableAnnotations = true;
        o.SerializerOptions.RespectRequiredConstructorParameters = true;
        o.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        o.SerializerOptions.MaxDepth = DepthMax;
    });

    /// <summary>The framework's path (<c>$.members[0].role</c>, <c>$['a b']</c>) as a JSON pointer (<c>#/members/0/role</c>).</summary>
    public static string PointerOf(JsonException e)
    {
        var pointer = new StringBuilder("#");
        foreach (Match step in Step().Matches(e.Path ?? "$"))
            pointer.Append('/').Append(step.Groups.Values.Skip(1).First(g => g.Success).Value
                .Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
        return pointer.ToString();
    }

    /// <summary>In words of our own: the framework's name types of ours.</summary>
    public static string WhatIsWrong(JsonException e) => e.Message switch
    {
        var m when m.Contains("uplicate", StringComparison.Ordinal) => "This is said more than once.",
        var m when m.Contains("could not be mapped", StringComparison.Ordinal) => "There is no field of this name.",
        var m when m.Contains("missing required", StringComparison.Ordinal) => $"Missing: {Missing(m)}.",
        var m when m.Contains("maximum", StringComparison.Ordinal) && m.Contains("depth", StringComparison.Ordinal) => $"Nested deeper than {DepthMax}.",
        var m when m.Contains("could not be converted", StringComparison.Ordinal) || m.Contains("null", StringComparison.Ordinal) =>
            "This is not of the right type.",
        _ => "This is not JSON.",
    };

    private static string Missing(string message) => string.Join(", ", Quoted().Matches(message).Skip(1).Select(m => m.Groups[1].Value));

    [GeneratedRegex(@"\.([^.\[]+)|\['((?:[^'\\]|\\.)*)'\]|\[(\d+)\]")]
    private static partial Regex Step();

    [GeneratedRegex("'([^']*)'")]
    private static partial Regex Quoted();
}
