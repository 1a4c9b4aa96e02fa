using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Control;

/// <summary>Objects put into the account as they are, and changed behind its back.</summary>
internal static class Objects
{
    private const int AtOnce = 1_000;
    private static readonly JsonSerializerOptions NoDuplicates = new() { AllowDuplicateProperties = false };

    /// <summary>Takes one object, an array of them or one a line, and says how many there were.</summary>
    public static async Task<int> Take(HttpContext http, Account account)
    {
        var body = http.Request.BodyReader;
        var first = await FirstByte(body, http.RequestAborted);
        var taken = 0;
        var batch = new List<(Collection Of, Stored Object)>(AtOnce);
        var isArray = first == '[';
        var many = JsonSerializer.DeserializeAsyncEnumerable<JsonElement>(body.AsStream(), !isArray, NoDuplicates, http.RequestAborted);
        try
        {
            await foreach (var json in many)
            {
                batch.Add(Checked(account, json, taken++));
                if (batch.Count == AtOnce) Put(account, batch);
            }
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            throw new Refused(400, "invalid_json", $"Object {taken} is not JSON: {wrong.Message}");
        }
        finally
        {
            // Those before one that is refused are taken.
            Put(account, batch);
        }
        return taken;
    }

    /// <summary>A merge patch, as RFC 7396 has it; the time of the change is now unless it is given.</summary>
    public static JsonObject Change(Account account, string id, JsonObject patch)
    {
        if (patch.ContainsKey("id")) throw Refused.Invalid("id", "cannot be changed");
        return account.Change(now =>
        {
            var (of, row) = Existing(account, id, now);
            var changed = row.Render(now);
            Merge(changed, patch);
            if (!patch.ContainsKey("updated_at")) changed["updated_at"] = Instants.Text(now);
            of.Put(changed, row.Stored?.IsVerbatim ?? false);
            account.Tell($"{Entity(of.Prefix)}.updated", changed, now);
            return changed;
        });
    }

    /// <summary>The same object once more, as a new one.</summary>
    public static void Copy(Account account, string id)
    {
        account.Change(now =>
        {
            var (of, row) = Existing(account, id, now);
            var copy = row.Render(now);
            copy["id"] = account.NewId(of.Prefix, now);
            (copy["created_at"], copy["updated_at"]) = (Instants.Text(now), Instants.Text(now));
            return of.Put(copy, row.Stored?.IsVerbatim ?? false);
        });
    }

    public static (Collection Of, Row Row) Existing(Account account, string id, long now) =>
        account.OfId(id) is { } of && of.Find(id, now) is { } row ? (of, row) : throw new Refused(404, "not_found", $"There is no object {id}.");

    private static (Collection, Stored) Checked(Account account, JsonElement json, int number)
    {
        Body.Check(json, $"Object {number}");
        var id = json.ValueKind == JsonValueKind.Object && json.TryGetProperty("id", out var given) && given.ValueKind == JsonValueKind.String
            ? given.GetString()!
            : throw new Refused(400, "bad_object", $"Object {number} has no id.");
        var of = account.OfId(id) ?? throw new Refused(400, "bad_object", $"Object {number}, {id}, has an id of no resource.");
        return (of, new Stored(id, json.Clone(), IsVerbatim: true));
    }

    private static void Put(Account account, List<(Collection Of, Stored Object)> batch)
    {
        lock (account.Gate)
        {
            foreach (var one in batch.GroupBy(one => one.Of, one => one.Object)) one.Key.Put([.. one]);
        }
        batch.Clear();
    }

    private static void Merge(JsonObject into, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            if (value is null) into.Remove(name);
            else if (value is JsonObject inner && into[name] is JsonObject was) Merge(was, inner);
            else into[name] = value.DeepClone();
        }
    }

    private static string Entity(string prefix) => prefix switch
    {
        "txn" => "transaction",
        "adj" => "adjustment",
        "pro" => "product",
        "pri" => "price",
        "ctm" => "customer",
        "add" => "address",
        "biz" => "business",
        "dsc" => "discount",
        _ => "report",
    };

    private static async Task<byte> FirstByte(System.IO.Pipelines.PipeReader body, CancellationToken ct)
    {
        while (true)
        {
            var read = await body.ReadAsync(ct);
            foreach (var at in read.Buffer.ToArray())
            {
                if (at is (byte)' ' or (byte)'\r' or (byte)'\n' or (byte)'\t') continue;
                body.AdvanceTo(read.Buffer.Start);
                return at;
            }
            if (read.IsCompleted) throw new Refused(400, "invalid_json", "There is no object.");
            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
