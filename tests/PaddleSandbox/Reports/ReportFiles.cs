using System.Collections.Concurrent;

namespace Allocora.PaddleSandbox.Reports;

/// <summary>What the reports hold that can be downloaded: a view to write the file from, or a file that was given as it is.</summary>
internal sealed class ReportFiles
{
    private readonly ConcurrentDictionary<string, (View View, Question Question)> views = new();
    private readonly ConcurrentDictionary<string, byte[]> given = new();

    /// <summary>Serves these bytes for the report, whatever it is of: how the control API replays a file.</summary>
    public void Give(string report, byte[] file) => given[report] = file;

    public byte[]? Given(string report) => given.GetValueOrDefault(report);

    public void Keep(string report, View view, Question question) => views[report] = (view, question);

    public (View View, Question Question)? View(string report) => views.TryGetValue(report, out var kept) ? kept : null;

    public void Drop(string report) => views.TryRemove(report, out _);
}
