using System.Diagnostics;

namespace Allocora.Bench;

/// <summary>Ours against a baseline of the same run, or against what it may take.</summary>
internal sealed record Figure(string What, string Unit, double Baseline, double Ours, double Bound)
{
    private const int Rounds = 5;

    /// <summary>The bound is the most it may come to, not the least.</summary>
    public bool IsMost { get; init; }

    public double Reached => Ours / Baseline;
    public string Wanted => $"{(IsMost ? '≤' : '≥')} {Bound:0.00}";
    public bool IsReached => IsMost ? Reached <= Bound : Reached >= Bound;

    /// <summary>Medians of rounds in which the two took turns, in units a second.</summary>
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

    /// <summary>What something takes beside what something else takes: medians of rounds in which the two took turns.</summary>
    public static async Task<Figure> Compare(string what, string unit, double ratioMax, Func<Task<double>> baseline, Func<Task<double>> ours)
    {
        var (theirs, own) = (new List<double>(), new List<double>());
        await baseline();
        await ours();
        for (var round = 0; round < Rounds; round++)
        {
            theirs.Add(await baseline());
            own.Add(await ours());
        }
        return new(what, unit, Median(theirs), Median(own), ratioMax) { IsMost = true };
    }

    private static async Task<double> Seconds(Func<Task> work)
    {
        var started = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
