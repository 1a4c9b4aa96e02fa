using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Allocora.PaddleSandbox.Api;

namespace Allocora.PaddleSandbox.Control;

/// <summary>One thing that shall go wrong: with which calls, how, after how many of them and how often.</summary>
internal sealed partial class Fault
{
    // What each kind may be told besides.
    private static readonly Dictionary<string, string[]> Kinds = new()
    {
        ["status"] = ["status", "code", "detail", "retryAfter"],
        ["slow"] = ["milliseconds", "where"],
        ["drop"] = [],
        ["truncate"] = [],
        ["body"] = ["body", "contentType", "status"],
        ["next"] = ["next"],
        ["duplicate"] = [],
        ["shift"] = ["way"],
        ["currency-case"] = [],
        ["enum"] = ["field", "value"],
        ["missing"] = ["fields"],
        ["edit"] = ["id"],
        ["insert"] = ["id"],
    };

    private static readonly string[] Words = ["code", "detail", "where", "body", "contentType", "next", "way", "field", "value", "id"];

    private static readonly string[] CameLate = ["grand_total_tax", "retained_fee", "exchange_rate", "fee_rate"];

    private readonly Lock gate = new();
    private readonly JsonObject rule;
    private readonly string match;
    private readonly int after, times;
    private long seen, hits;

    public Fault(JsonObject rule)
    {
        this.rule = rule;
        Text("match");
        Text("kind");
        match = rule.Needed("match");
        if (match != "*" && !Call().IsMatch(match)) throw Refused.Invalid("match", "must be * or the beginning of a call, GET /transactions for example");
        Kind = rule.Needed("kind", [.. Kinds.Keys]);
        (after, times) = (Number("after", 0, 0), Number("times", 1, 0));
        foreach (var (name, _) in rule)
        {
            var isKnown = name is "match" or "kind" or "after" or "times" || Kinds[Kind].Contains(name);
            if (!isKnown) throw Refused.Invalid(name, $"is nothing that {Kind} knows");
            if (Words.Contains(name)) Text(name);
        }
        Milliseconds = Kind == "slow" ? Number("milliseconds", 1_000, 0) : 0;
        IsBetweenBytes = rule.Text("where", ["before", "bytes"]) == "bytes";
        Status = Number("status", Kind == "body" ? 200 : 500, 200);
        if (Kind == "body") CheckBody();
        if (Kind == "status" && Status is < 400 or > 599) throw Refused.Invalid("status", "must be from 400 to 599");
        if (rule.ContainsKey("retryAfter")) RetryAfter = Number("retryAfter", 0, 0);
        Fields = rule.Array("fields") is { } fields ? [.. fields.Select(one => Word("fields", one))] : CameLate;
        if (Fields.FirstOrDefault(one => one.Contains('.')) is { } path)
            throw Refused.Invalid("fields", $"hold names, which are taken out wherever they stand: not {path}");
        if (Kind == "next") _ = rule.Needed("next");
        if (Kind == "shift") _ = Text("way", "skip", ["skip", "repeat"]);
    }

    public string Kind { get; }

    public int Milliseconds { get; }

    public bool IsBetweenBytes { get; }

    public int Status { get; }

    public int? RetryAfter { get; }

    public string[] Fields { get; }

    /// <summary>The last row of the page before, for rows that seem to move.</summary>
    public JsonNode? LastRow { get; set; }

    public string? Id => rule.Text("id");

    public string Text(string name, string standard, string[]? values = null) => rule.Text(name, values) ?? standard;

    public bool Matches(string call) => match == "*" || call.StartsWith(match, StringComparison.Ordinal);

    /// <summary>Counts a call that matches; whether it is one that goes wrong.</summary>
    public bool Hits()
    {
        lock (gate)
        {
            if (++seen <= after || (times > 0 && hits >= times)) return false;
            hits++;
            return true;
        }
    }

    public Refused Refusal() => new(Status, Text("code", Code(Status)), Text("detail", "A fault that was asked for.")) { RetryAfter = RetryAfter };

    public JsonObject Json()
    {
        var json = rule.DeepClone().AsObject();
        lock (gate) (json["seen"], json["hits"]) = (seen, hits);
        return json;
    }

    [GeneratedRegex("^(GET|POST|PATCH|PUT|DELETE) /")]
    private static partial Regex Call();

    private void Text(string name)
    {
        if (rule[name] is { } word) Word(name, word);
    }

    // JSON can hold half of a character, which cannot be sent on.
    private static string Word(string name, JsonNode? node)
    {
        try
        {
            return node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : throw Refused.Invalid(name, "must be text");
        }
        catch (InvalidOperationException)
        {
            throw Refused.Invalid(name, "must be text that can be written");
        }
    }

    private void CheckBody()
    {
        if (Status is < 200 or > 599) throw Refused.Invalid("status", "must be from 200 to 599");
        if (Status is 204 or 205 or 304 && Text("body", "").Length > 0) throw Refused.Invalid("status", "must be one that can have a body");
        if (Text("contentType", "").Any(letter => letter is < ' ' or > '~')) throw Refused.Invalid("contentType", "must be printable ASCII");
    }

    private int Number(string name, int standard, int least) => rule.Whole(name) switch
    {
        null => standard,
        { } number when number >= least => number,
        _ => throw Refused.Invalid(name, $"must be {least} or more"),
    };

    private static string Code(int status) => status switch
    {
        400 => "bad_request",
        401 => "invalid_access_token",
        403 => "forbidden",
        404 => "not_found",
        409 => "conflict",
        429 => "too_many_requests",
        501 => "not_implemented",
        502 => "bad_gateway",
        503 => "service_unavailable",
        >= 500 => "internal_error",
        _ => "bad_request",
    };
}
