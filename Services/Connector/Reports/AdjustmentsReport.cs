using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Allocora.Connector;

/// <summary>Paddle's report of adjustments: how it is ordered, and what is read of its file.</summary>
internal static class AdjustmentsReport
{
    private static readonly string[] Counting = ["approved", "reversed"];

    /// <summary>What was updated in a time, by Paddle's clock, as far as it counts.</summary>
    public static string Order(DateTimeOffset since, DateTimeOffset until) => JsonSerializer.Serialize(new
    {
        type = "adjustments",
        filters = new object[]
        {
            new { name = "status", @operator = (string?)null, value = Counting },
            new { name = "updated_at", @operator = "gte", value = Instant(since) },
            new { name = "updated_at", @operator = "lt", value = Instant(until) },
        },
    });

    /// <exception cref="PaddleNonsenseException">This is no answer about a report.</exception>
    public static OrderedReport Read(PaddleAnswer answer)
    {
        var data = Data(answer);
        if (Text(data, "id") is not { } id || !Field.IsId(id, "rep") || Text(data, "status") is not { } status)
            throw Nonsense("Paddle's answer is not about a report.");
        var isEmpty = data.TryGetProperty("rows", out var rows) && rows.ValueKind == JsonValueKind.Number && rows.TryGetInt64(out var count) && count == 0;
        return new(id, status, isEmpty);
    }

    public static string Link(PaddleAnswer answer) => Text(Data(answer), "url") ?? throw Nonsense("Paddle's answer has no address of a file.");

    /// <summary>Which adjustments the file names, and their status. Nothing else of it is looked at: it has names and e-mails.</summary>
    public static Dictionary<string, string> Statuses(Stream file)
    {
        var statuses = new Dictionary<string, string>();
        try
        {
            using var text = new StreamReader(file, Encoding.UTF8);
            using var rows = ReadCsv.Rows(text).GetEnumerator();
            List<string> header = rows.MoveNext() ? [.. rows.Current] : [];
            var (id, status) = (header.IndexOf("id"), header.IndexOf("status"));
            if (id < 0 || status < 0) throw Nonsense("The report has no columns id and status.");
            while (rows.MoveNext())
            {
                if (rows.Current.Count != header.Count) throw Nonsense("A row of the report has more or fewer cells than there are columns.");
                if (Field.IsId(rows.Current[id], "adj")) statuses[rows.Current[id]] = rows.Current[status];
            }
        }
        catch (FormatException e)
        {
            throw Nonsense(e.Message);
        }
        return statuses;
    }

    private static JsonElement Data(PaddleAnswer answer)
    {
        try
        {
            using var document = JsonDocument.Parse(answer.Body);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("data", out var data) ? data.Clone() : default;
        }
        catch (JsonException)
        {
            throw Nonsense("Paddle's answer is not about a report."); // its own words would quote the answer
        }
    }

    private static string? Text(JsonElement of, string name) => of.ValueKind == JsonValueKind.Object ? EventRow.Text(of, name) : null;

    private static string Instant(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private static PaddleNonsenseException Nonsense(string sentence) => new("provider-invalid", sentence);
}

/// <param name="IsEmpty">It is known to have no rows; then it may have no file either.</param>
internal sealed record OrderedReport(string Id, string Status, bool IsEmpty);
