using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.Reports;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Control;

/// <summary>What shall go wrong, and making it go wrong. A call that none of it is about passes through untouched.</summary>
internal sealed class Faults(Account account)
{
    private const int Pieces = 10;

    private ImmutableList<Fault> rules = [];

    public IReadOnlyList<Fault> Rules => rules;

    public void Add(IEnumerable<Fault> more) => ImmutableInterlocked.Update(ref rules, static (was, more) => was.AddRange(more), more);

    public void Clear() => rules = [];

    /// <summary>Answers the call, wrongly if that was asked for. False when it shall not be answered at all.</summary>
    public async Task<bool> Around(HttpContext http, Func<Task> serve, Func<Refused, Task> refuse)
    {
        var call = $"{http.Request.Method} {http.Request.Path}";
        var matching = rules.Where(rule => rule.Matches(call)).ToArray();
        var hitting = matching.Where(rule => rule.Hits()).ToArray();
        if (hitting.Length == 0 && !matching.Any(rule => rule.Kind == "shift"))
        {
            await serve();
            return true;
        }
        foreach (var fault in hitting)
        {
            if (fault.Kind == "slow" && !fault.IsBetweenBytes) await Task.Delay(fault.Milliseconds, http.RequestAborted);
            if (fault.Kind == "drop") return false;
            if (fault.Kind != "status") continue;
            await refuse(fault.Refusal());
            return true;
        }
        await Send(http, hitting, await Answered(http, serve, matching, hitting));
        return true;
    }

    private async Task<byte[]> Answered(HttpContext http, Func<Task> serve, Fault[] matching, Fault[] hitting)
    {
        var bytes = await Buffered(http, serve);
        foreach (var fault in hitting.Where(fault => fault.Kind is "edit" or "insert"))
        {
            // What this page was about to show is what was not seen yet.
            if ((fault.Id ?? FirstId(Parsed(bytes))) is not { } id || account.OfId(id)?.Find(id, account.CatchUp()) is null) continue;
            if (fault.Kind == "edit") Objects.Change(account, id, []);
            else Objects.Copy(account, id);
            bytes = await Buffered(http, serve);
        }
        if (Parsed(bytes) is not { } json) return bytes;
        foreach (var fault in hitting) Tampering.Apply(fault, json);
        foreach (var fault in matching.Where(fault => fault.Kind == "shift")) Tampering.Remember(fault, json);
        return Answer.Bytes(json);
    }

    private static async Task Send(HttpContext http, Fault[] hitting, byte[] bytes)
    {
        if (hitting.FirstOrDefault(fault => fault.Kind == "body") is { } other)
        {
            bytes = Encoding.UTF8.GetBytes(other.Text("body", ""));
            (http.Response.StatusCode, http.Response.ContentType) = (other.Status, other.Text("contentType", "application/json"));
        }
        http.Response.ContentLength = http.Response.StatusCode is 204 or 205 or 304 ? null : bytes.Length;
        if (bytes.Length == 0) return;
        if (hitting.Any(fault => fault.Kind == "truncate"))
        {
            await http.Response.Body.WriteAsync(bytes.AsMemory(0, bytes.Length / 2), http.RequestAborted);
            return; // fewer bytes than were announced: the server closes the connection behind them
        }
        var pause = hitting.Where(fault => fault.IsBetweenBytes).Sum(fault => fault.Milliseconds);
        foreach (var piece in pause > 0 ? bytes.Chunk((bytes.Length / Pieces) + 1) : [bytes])
        {
            await http.Response.Body.WriteAsync(piece, http.RequestAborted);
            if (pause == 0) continue;
            await http.Response.Body.FlushAsync(http.RequestAborted);
            await Task.Delay(pause, http.RequestAborted);
        }
    }

    private static async Task<byte[]> Buffered(HttpContext http, Func<Task> serve)
    {
        var original = http.Response.Body;
        using var buffer = new MemoryStream();
        http.Response.Body = buffer;
        try
        {
            await serve();
        }
        finally
        {
            http.Response.Body = original;
        }
        return buffer.ToArray();
    }

    private static JsonObject? Parsed(byte[] bytes)
    {
        try
        {
            return JsonNode.Parse(bytes) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? FirstId(JsonObject? answer) => (answer?["data"] is JsonArray rows ? rows.FirstOrDefault() : answer?["data"]).Word("id");
}
