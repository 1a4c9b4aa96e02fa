using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Allocora.Contracts.Api;
using Allocora.EventStore;
using Allocora.Testing;

namespace Allocora.Ledger.Tests.Proof;

/// <summary>An export that somebody edited is refused at the right place, also when they know how it is made and leave no seam.</summary>
public sealed class Tampering_with_an_export : IAsyncLifetime
{
    private static readonly int Rounds = TestSize.Of(100, atLeast: 12);
    private ProvenLedger ledger = null!;
    private List<string> older = null!, whole = null!;
    private string[] words = null!;

    public async Task InitializeAsync()
    {
        ledger = await ProvenLedger.Start();
        await ledger.Grow(4);
        older = await ledger.Export();
        await ledger.Grow(5);
        whole = await ledger.Export();
        words = ["--key", ledger.KeyFile()];
    }

    public async Task DisposeAsync() => await ledger.DisposeAsync();

    [Fact]
    public Task A_changed_event() => Each((lines, random, round) =>
    {
        var index = random.Next(ledger.Events.Count);
        string[] members = ["id", "stream", "version", "type", "dotnetType", "at", "data", "headers", "correlation", "causation", "content", "chain"];
        Change(lines, index, e => Spoil(e, members[round % members.Length]));
        return ledger.Events[index];
    });

    [Fact]
    public Task A_changed_event_whose_own_hash_was_made_anew() => Each((lines, random, _) =>
    {
        var index = random.Next(ledger.Events.Count);
        Change(lines, index, e =>
        {
            Spoil(e, "data");
            e["content"] = Convert.ToHexStringLower(ContentOf(e));
        });
        return ledger.Events[index];
    });

    [Fact]
    public Task A_deleted_event() => Each((lines, random, _) =>
    {
        var index = random.Next(ledger.Events.Count - 1);
        lines.RemoveAt(index + 1);
        return ledger.Heads.Contains(ledger.Events[index]) ? FirstInDoubt(ledger.Events[index]) : ledger.Events[index + 1];
    });

    [Fact]
    public Task An_event_put_in() => Each((lines, random, _) =>
    {
        var at = ledger.Gaps[random.Next(ledger.Gaps.Count)];
        var before = ledger.Events.FindLastIndex(e => e < at);
        lines.Insert(before + 2, lines[before + 1]);
        Change(lines, before + 1, e => e["sequence"] = at);
        return at;
    });

    [Fact]
    public Task Two_events_that_changed_places() => Each((lines, random, _) =>
    {
        var index = random.Next(ledger.Events.Count - 1);
        (lines[index + 1], lines[index + 2]) = (lines[index + 2], lines[index + 1]);
        return ledger.Heads.Contains(ledger.Events[index]) ? FirstInDoubt(ledger.Events[index]) : ledger.Events[index + 1];
    });

    [Fact]
    public Task A_tail_cut_off_with_an_end_that_fits() => Each((lines, random, _) =>
    {
        var keep = random.Next(1, ledger.Events.Count);
        lines.RemoveRange(keep + 1, ledger.Events.Count - keep);
        End(lines);
        return FirstInDoubt(ledger.Events[keep - 1] + 1, ledger.Events[keep - 1]);
    });

    [Fact]
    public Task A_log_sealed_anew_behind_a_change() => Each((lines, random, _) =>
    {
        var index = random.Next(ledger.Events.Count);
        Change(lines, index, e => Spoil(e, "data"));
        SealAnew(lines);
        return FirstInDoubt(ledger.Events[index]);
    });

    [Fact]
    public Task A_log_sealed_anew_without_its_heads() => Each((lines, random, _) =>
    {
        Change(lines, random.Next(ledger.Events.Count), e => Spoil(e, "data"));
        lines.RemoveAll(l => l.StartsWith("{\"head\"", StringComparison.Ordinal));
        SealAnew(lines);
        return ledger.Events[0];
    });

    [Fact]
    public async Task An_older_copy_is_told_from_the_heads_that_were_kept_elsewhere()
    {
        Assert.Equal(0, (await ledger.Judge(older, words)).Exit);

        var (exit, said) = await ledger.Judge(older, [.. words, "--heads", ledger.Running.Heads.File]);

        Assert.Equal(1, exit);
        Assert.StartsWith($"bad at position {ledger.Events[19] + 1} ", said, StringComparison.Ordinal);
        Assert.Equal(0, (await ledger.Judge(whole, [.. words, "--heads", ledger.Running.Heads.File])).Exit);
    }

    [Fact]
    public async Task Who_signs_with_a_key_of_their_own_is_refused_by_who_has_ours()
    {
        using var other = HeadKey.Open(Path.Combine(Path.GetDirectoryName(ledger.Running.Heads.Key)!, "other.pem"));
        var lines = whole.ToList();
        Change(lines, 7, e => Spoil(e, "data"));
        SignAnew(lines, other);

        Assert.Contains("named by the file itself", (await ledger.Judge(lines)).Said, StringComparison.Ordinal);
        var (exit, said) = await ledger.Judge(lines, words);
        Assert.Equal((1, true), (exit, said.Contains(other.Id, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_stream_with_a_hole_is_refused_whoever_signed_it()
    {
        using var other = HeadKey.Open(Path.Combine(Path.GetDirectoryName(ledger.Running.Heads.Key)!, "another.pem"));
        var lines = whole.ToList();
        Change(lines, 7, e => Spoil(e, "version"));
        SignAnew(lines, other);

        var (exit, said) = await ledger.Judge(lines);

        Assert.Equal(1, exit);
        Assert.Contains("not the next one of its stream", said, StringComparison.Ordinal);
        Assert.StartsWith($"bad at position {ledger.Events[7]} ", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_cut_anywhere_is_refused()
    {
        var bytes = Encoding.UTF8.GetBytes(string.Concat(whole.Select(l => $"{l}\n")));
        var path = Path.GetTempFileName();
        var random = new Random(1);
        for (var round = 0; round < Rounds * 4; round++)
        {
            await File.WriteAllBytesAsync(path, bytes[..(round == 0 ? bytes.Length - 1 : random.Next(whole[0].Length + 1, bytes.Length))]);
            var (exit, said) = await ProvenLedger.Judge(path, words);
            Assert.True(exit == 1 && said.StartsWith("bad ", StringComparison.Ordinal), said);
        }
        File.Delete(path);
    }

    [Fact]
    public async Task A_byte_changed_anywhere_is_refused_or_says_the_same()
    {
        var text = string.Concat(whole.Select(l => $"{l}\n"));
        var untouched = (await ledger.Judge(whole, words)).Said;
        var random = new Random(2);
        for (var round = 0; round < Rounds * 10; round++)
        {
            var place = random.Next(text.Length);
            var other = (char)random.Next(' ', '~');
            if (text[place] == other || text[place] is > '~' or '\n') continue;
            var (exit, said) = await ledger.Judge($"{text[..place]}{other}{text[(place + 1)..^1]}".Split('\n'), words);
            // Of the first line, only what the rest is measured by is bound; the key is another's and the time of no consequence.
            var isOnlyTold = place < whole[0].Length;
            // A head that names another key witnesses nothing any more, and that is said; a signature can be spelt in two ways.
            var isTold = exit == 0 && (said == untouched || said.EndsWith("of other keys not counted", StringComparison.Ordinal));
            Assert.True(exit == 1 || isTold || (isOnlyTold && exit is 0 or 2), $"{place}: {text[Math.Max(0, place - 30)..place]}>{other}<: {said}");
        }
    }

    /// <param name="tamper">Does it to the lines, and says where it has to be found.</param>
    private async Task Each(Func<List<string>, Random, int, long> tamper)
    {
        for (var round = 0; round < Rounds; round++)
        {
            var lines = whole.ToList();
            var bad = tamper(lines, new Random(round), round);

            var (exit, said) = await ledger.Judge(lines, words);

            Assert.True(exit == 1 && said.StartsWith($"bad at position {bad} ", StringComparison.Ordinal), $"round {round}: expected {bad}, said {said}");
        }
        Assert.Equal(0, (await ledger.Judge(whole, words)).Exit);
    }

    private long FirstInDoubt(long at, long last = long.MaxValue)
    {
        var agreed = ledger.Heads.LastOrDefault(h => h < at);
        var first = ledger.Events.First(e => e > agreed);
        return first > last ? last + 1 : first;
    }

    private static void Change(List<string> lines, int index, Action<JsonObject> change)
    {
        var e = JsonNode.Parse(lines[index + 1])!.AsObject();
        change(e);
        lines[index + 1] = e.ToJsonString();
    }

    private static void Spoil(JsonObject e, string member) => e[member] = member switch
    {
        "id" => Guid.NewGuid().ToString(),
        "version" => e["version"]!.GetValue<long>() + 1,
        "at" => e["at"]!.GetValue<string>().Replace("20", "19", StringComparison.Ordinal),
        "data" => new JsonObject { ["Name"] = "other" },
        "headers" => null,
        "content" or "chain" => new string('0', 64),
        _ => "other",
    };

    private static byte[] ContentOf(JsonObject e) => CanonicalJson.Hash(
        e["data"]!.ToJsonString(), e["headers"]?.ToJsonString(), (string?)e["dotnetType"], (string?)e["correlation"], (string?)e["causation"]);

    private static void SealAnew(List<string> lines)
    {
        var chain = SealChain.Beginning(RunningLedger.Workspace);
        for (var i = 0; i + 1 < lines.Count && lines[i + 1].StartsWith("{\"sequence\"", StringComparison.Ordinal); i++)
        {
            Change(lines, i, e =>
            {
                var content = ContentOf(e);
                chain = SealChain.Next(chain, SealChain.Leaf(
                    (long)e["sequence"]!, (Guid)e["id"]!, RunningLedger.Workspace, (string)e["stream"]!, (long)e["version"]!, (string)e["type"]!,
                    DateTimeOffset.Parse((string)e["at"]!, CultureInfo.InvariantCulture), content));
                (e["content"], e["chain"]) = (Convert.ToHexStringLower(content), Convert.ToHexStringLower(chain));
            });
        }
        End(lines);
    }

    // As one would who has a key of their own, and hopes that nobody compares it.
    private static void SignAnew(List<string> lines, HeadKey key)
    {
        lines.RemoveAll(l => l.StartsWith("{\"head\"", StringComparison.Ordinal));
        SealAnew(lines);
        var begin = JsonNode.Parse(lines[0])!;
        begin["key"] = new JsonObject { ["id"] = key.Id, ["publicKey"] = key.PublicPem };
        lines[0] = begin.ToJsonString();
        var end = JsonNode.Parse(lines[^1])!["end"]!.Deserialize<ExportEnd>(JsonSerializerOptions.Web)!;
        var signed = key.Sign(new(LedgerExport.SignedWhole, RunningLedger.Workspace, end.Sequence, end.Events, end.Chain, end.At, "", ""));
        lines[^1] = JsonSerializer.Serialize(new { end = end with { KeyId = signed.Key, Signature = signed.Signature } }, JsonSerializerOptions.Web);
    }

    // The last line as it would be, but for the signature; and no heads of what is not there.
    private static void End(List<string> lines)
    {
        var events = lines.FindAll(l => l.StartsWith("{\"sequence\"", StringComparison.Ordinal));
        var last = JsonNode.Parse(events[^1])!;
        lines.RemoveAll(l => l.StartsWith("{\"head\"", StringComparison.Ordinal) && (long)JsonNode.Parse(l)!["head"]!["sequence"]! > (long)last["sequence"]!);
        var end = JsonNode.Parse(lines[^1])!;
        (end["end"]!["sequence"], end["end"]!["chain"]) = ((long)last["sequence"]!, (string)last["chain"]!);
        (end["end"]!["events"], end["end"]!["count"]) = (events.Count, events.Count);
        lines[^1] = end.ToJsonString();
    }
}
