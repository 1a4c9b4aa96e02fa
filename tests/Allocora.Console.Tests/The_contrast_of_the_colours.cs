using System.Globalization;
using System.Text.RegularExpressions;

namespace Allocora.Console.Tests;

public sealed class The_contrast_of_the_colours
{
    private const double Text = 4.5, Graphic = 3, Visible = 1.2;

    // Everything that is drawn on something else. A rule between rows only has to be seen; nothing is told by it alone.
    private static readonly (string Front, string Ground, double Least)[] Pairs =
    [
        ("text", "page", Text), ("text", "surface", Text), ("text", "neutral-soft", Text), ("text", "warning-soft", Text), ("text", "positive-soft", Text),
        ("muted", "page", Text), ("muted", "surface", Text),
        ("accent", "page", Text), ("accent", "surface", Text), ("accent", "warning-soft", Text), ("positive", "page", Graphic),
        ("positive", "positive-soft", Text), ("warning", "warning-soft", Text), ("negative", "negative-soft", Text),
        ("negative", "surface", Text),
        ("surface", "positive", Graphic), ("surface", "warning", Graphic), ("surface", "negative", Graphic),
        ("warning", "page", Graphic),
        ("control", "page", Graphic), ("control", "surface", Graphic),
        ("focus", "page", Graphic), ("focus", "surface", Graphic),
        ("border", "surface", Visible), ("border", "page", Visible),
    ];

    private static readonly string Stylesheet = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "wwwroot", "allocora.css"));
    private static readonly Dictionary<string, (string Light, string Dark)> Tokens =
        Regex.Matches(Stylesheet, @"--([a-z-]+):\s*light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
            .ToDictionary(m => m.Groups[1].Value, m => (m.Groups[2].Value, m.Groups[3].Value));

    public static IEnumerable<object[]> Drawn => Pairs.Select(p => new object[] { p.Front, p.Ground, p.Least });

    [Theory]
    [MemberData(nameof(Drawn))]
    public void Is_enough_in_light_and_in_dark(string front, string ground, double least)
    {
        Assert.InRange(Contrast(Tokens[front].Light, Tokens[ground].Light), least, 21);
        Assert.InRange(Contrast(Tokens[front].Dark, Tokens[ground].Dark), least, 21);
    }

    [Fact]
    public void Is_measured_for_every_colour_there_is()
    {
        Assert.Equal(Tokens.Keys.Order(), Pairs.SelectMany(p => new[] { p.Front, p.Ground }).Distinct().Order());
        Assert.Equal(Tokens.Count * 2, Regex.Count(Stylesheet, "#[0-9a-fA-F]{3,8}\\b|\\b(rgb|hsl|oklch)a?\\("));
    }

    [Theory]
    [InlineData("#000000", "#ffffff", 21.0)]
    [InlineData("#777777", "#ffffff", 4.48)]
    [InlineData("#ffae11", "#ffffff", 1.86)]
    public void Is_measured_as_the_guideline_says(string front, string ground, double ratio) =>
        Assert.Equal(ratio, Contrast(front, ground), tolerance: 0.01);

    private static double Contrast(string a, string b)
    {
        var (one, other) = (Luminance(a), Luminance(b));
        return (Math.Max(one, other) + 0.05) / (Math.Min(one, other) + 0.05);
    }

    private static double Luminance(string colour) =>
        0.2126 * Channel(colour[1..3]) + 0.7152 * Channel(colour[3..5]) + 0.0722 * Channel(colour[5..7]);

    private static double Channel(string hex)
    {
        var value = int.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0;
        return value <= 0.04045 ? value / 12.92 : Math.Pow((value + 0.055) / 1.055, 2.4);
    }
}
