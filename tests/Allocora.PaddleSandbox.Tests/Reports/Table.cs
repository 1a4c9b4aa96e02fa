using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox;

/// <summary>A file of comma separated values, read without anything of the sandbox.</summary>
internal sealed record Table(IReadOnlyList<string> Header, IReadOnlyList<IReadOnlyDictionary<string, string>> Rows)
{
    public static Table Read(string text)
    {
        var records = Records(text);
        Assert.All(records, record => Assert.Equal(records[0].Count, record.Count));
        Assert.Equal(records[0].Count, records[0].Distinct().Count());
        return new(records[0], [.. records.Skip(1).Select(record => records[0].Zip(record).ToDictionary(cell => cell.First, cell => cell.Second))]);
    }

    public IReadOnlyList<string> Of(string column) => [.. Rows.Select(row => row[column])];

    /// <summary>An amount in minor units, from a cell in major ones.</summary>
    public static long Minor(string cell, string currency)
    {
        var places = Verbatim.Places(currency);
        var parts = cell.Split('.');
        Assert.Equal((places == 0 ? 1 : 2, places), (parts.Length, parts.Length == 1 ? 0 : parts[1].Length));
        return long.Parse(string.Concat(parts), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
    }

    private static List<List<string>> Records(string text)
    {
        var (records, record, cell, quoted) = (new List<List<string>>(), new List<string>(), new StringBuilder(), false);
        for (var at = 0; at < text.Length; at++)
        {
            var letter = text[at];
            if (quoted && letter == '"' && at + 1 < text.Length && text[at + 1] == '"') cell.Append(text[++at]);
            else if (letter == '"') quoted = !quoted;
            else if (quoted || letter is not (',' or '\r' or '\n')) cell.Append(letter);
            else if (letter != '\r')
            {
                record.Add(cell.ToString());
                cell.Clear();
                if (letter == ',') continue;
                records.Add(record);
                record = [];
            }
        }
        Assert.True(!quoted && cell.Length == 0 && record.Count == 0, "The file ends within a line.");
        return records;
    }
}

/// <summary>A report, from its order to its file.</summary>
internal static class Ordering
{
    public static async Task<Table> Report(this Running sandbox, string type, params JsonFilter[] filters) =>
        Table.Read(Encoding.UTF8.GetString(await sandbox.ReportFile(type, filters)));

    public static async Task<byte[]> ReportFile(this Running sandbox, string type, params JsonFilter[] filters)
    {
        var made = (await sandbox.Post("/reports", Body(type, filters))).Of("data");
        var report = (await sandbox.Get($"/reports/{made["id"]}")).Of("data");
        Assert.Equal("ready", (string)report["status"]!);
        var link = (await sandbox.Get($"/reports/{made["id"]}/download-url")).Of("data");
        using var anyone = new HttpClient();
        var file = await anyone.GetByteArrayAsync((string)link["url"]!);
        var quoted = false;
        Assert.Equal((int)report["rows"]!, Encoding.UTF8.GetString(file).Count(letter =>
        {
            if (letter == '"') quoted = !quoted;
            return letter == '\n' && !quoted;
        }) - 1);
        return file;
    }

    public static JsonObject Body(string type, params JsonFilter[] filters) => new()
    {
        ["type"] = type,
        ["filters"] = new JsonArray([.. filters.Select(filter => filter.Json())]),
    };
}

/// <summary>A filter of a report: a time with an operator, or a list.</summary>
internal sealed record JsonFilter(string Name, string? Operator, params string[] Values)
{
    public static JsonFilter Of(string name, params string[] values) => new(name, null, values);

    /// <summary>From long ago on.</summary>
    public static JsonFilter All(string name) => new(name, "gte", "2000-01-01");

    public JsonObject Json() => new()
    {
        ["name"] = Name,
        ["operator"] = Operator,
        ["value"] = Operator is null ? new JsonArray([.. Values.Select(one => (JsonNode)one)]) : Values[0],
    };
}
