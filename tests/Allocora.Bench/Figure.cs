using System.Diagnostics;

namespace Allocora.Bench;

/// <summary>Ours against a baseline of the same run: medians of rounds in which the two took turns, in units a second.</summary>
internal sealed record Figure(string What, string Unit, double Baseline, double Ours, double RatioMin)
{
    private const int Rounds = 5;

    public double Reached => Ours / Baseline;
    public string Wanted => $"≥ {RatioMin:0.00}";
    public bool IsReached => Reached >= RatioMin;

    public static async Task<Figure> Measure(string what, string unit, int units, double ratioMin, Func<Task> baseline, Func<Task> ours)
    {
        var (theirs, own) = (new List<double>(), new List<double>());
        await baseline(); // both warm up
        await ours();
        for (var round = 0; round < Rounds; round++)
        {
            theirs.Add(units / await Seconds(baseline));
            own.Add(units / await Seconds(ours));
        }
        return new(what, unit, Median(theirs), Median(own), ratioMin);
    }

    private static async Task<double> Seconds(Func<Task> work)
    {
        var started = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
