using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Allocora.PaddleSandbox.Reports;

/// <summary>A sheet as a file of RFC 4180, written row by row: it is never in memory as a whole.</summary>
internal sealed class CsvFile(PipeWriter to, Choices choices)
{
    private const int Piece = 32 * 1024;
    private static readonly SearchValues<char> Special = SearchValues.Create(",\"\r\n");

    private readonly string lineEnd = choices.ReportLines == "crlf" ? "\r\n" : "\n";
    private readonly string nothing = choices.ReportNull == "null" ? "null" : "";
    private readonly bool inMajorUnits = choices.ReportUnits == "major";

    public async Task Write(Sheet sheet, CancellationToken ct)
    {
        if (choices.ReportMark == "yes") to.Write(Encoding.UTF8.Preamble);
        Line(sheet.Header);
        foreach (var row in sheet.Rows())
        {
            Line(row.Select(cell => cell.Write(inMajorUnits)));
            if (to.UnflushedBytes > Piece) await to.FlushAsync(ct);
        }
        await to.FlushAsync(ct);
    }

    private void Line(IEnumerable<string?> cells)
    {
        Encoding.UTF8.GetBytes(string.Join(',', cells.Select(cell => cell is null ? nothing : Quoted(cell))) + lineEnd, to);
    }

    private static string Quoted(string text) => text.AsSpan().ContainsAny(Special) ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
}
