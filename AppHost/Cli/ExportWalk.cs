using System.Text.Json;
using Allocora.Contracts.Api;
using Allocora.EventStore;

namespace Allocora.Cli;

/// <summary>Goes through the lines behind the first and stops at the one that cannot be.</summary>
internal sealed class ExportWalk
{
    private readonly ExportBegin begin;
    private readonly IReadOnlyList<HeadKey> keys;
    private readonly Queue<SignedHead> heads;
    private readonly Dictionary<string, long> versions = [];
    private long last, line = 1;
    private bool isBehindEvents;
    private long? sinceAgreed; // the first event after the last head that agreed

    public ExportWalk(
        ExportBegin begin, IReadOnlyList<HeadKey> keys, IEnumerable<(long Line, LedgerCheckpoint Head)> inside, IEnumerable<SignedHead> outside)
    {
        (this.begin, this.keys, last) = (begin, keys, begin.After);
        Chain = begin.ChainBefore;
        if (begin.After < 0 || begin.EventsBefore < 0 || begin.To <= begin.After || !IsHash(begin.ChainBefore))
            throw new BadExportException(null, line, "the first line says what cannot be");
        if (begin.After == 0 && (begin.EventsBefore != 0 || begin.ChainBefore != Hex(SealChain.Beginning(begin.Workspace))))
            throw new BadExportException(null, line, "this is not how the log of that workspace begins");
        heads = new(Known(inside).Concat(outside).OrderBy(h => h.Sequence)
            .SkipWhile(h => h.Sequence < begin.After).TakeWhile(h => h.Sequence <= (begin.To ?? long.MaxValue)));
        CompareHeads();
    }

    public long Count { get; private set; }

    public string Chain { get; private set; }

    public int Agreed { get; private set; }

    public int UnknownKeys { get; private set; }

    public ExportEnd? End { get; private set; }

    /// <summary>The position at which the next event would be, as far as one can tell.</summary>
    public long Next => last + 1;

    public void Step(long number, JsonElement content)
    {
        line = number;
        if (End is not null) throw Bad(Next, "something follows the last line");
        if (content.ValueKind != JsonValueKind.Object) throw Bad(Next, "this line is not one of an export");
        if (content.TryGetProperty("head", out _)) isBehindEvents = true;
        else if (content.TryGetProperty("end", out var end)) Finish(VerifyExport.Read<ExportEnd>(end) ?? throw Bad(Next, "the last line is not whole"));
        else Event(ExportedEvent.Of(content) ?? throw Bad(PositionOf(content) ?? Next, "this line is not an event as it is written"));
    }

    public void Close()
    {
        if (End is null) throw Bad(Next, "the last line is missing: the file was cut short");
    }

    private List<SignedHead> Known(IEnumerable<(long Line, LedgerCheckpoint Head)> inside)
    {
        var known = new List<SignedHead>();
        foreach (var (number, h) in inside)
        {
            var head = new SignedHead(begin.Service, begin.Workspace, h.Sequence, h.Events, h.Chain, h.At, h.KeyId, h.Signature);
            if (!IsKnown(head.Key)) UnknownKeys++;
            else if (IsSigned(head)) known.Add(head);
            else throw new BadExportException(h.Sequence, number, "the signed head of this position was not signed like this");
        }
        return known;
    }

    private void Event(ExportedEvent e)
    {
        if (isBehindEvents) throw Bad(e.Sequence, "an event stands behind the heads");
        if (e.Sequence <= last) throw Bad(e.Sequence, "it stands behind one that comes after it");
        if (e.Sequence > begin.To) throw Bad(e.Sequence, "it is beyond the end that was asked for");
        // A head of a position that is passed over.
        if (heads.TryPeek(out var head) && head.Sequence < e.Sequence)
            throw Bad(sinceAgreed ?? head.Sequence, $"a signed head says that there was an event at {head.Sequence}");
        (last, Count) = (e.Sequence, Count + 1);
        sinceAgreed ??= last;
        if (Hex(e.RealContent) != e.Content) throw Bad(last, "it does not say what was sealed");
        var leaf = SealChain.Leaf(e.Sequence, e.Id, begin.Workspace, e.Stream, e.Version, e.Type, e.At, e.RealContent);
        Chain = Hex(SealChain.Next(Convert.FromHexString(Chain), leaf));
        if (Chain != e.Chain) throw Bad(last, "the chain does not lead here: it, or what came before it, is not what it was");
        if (!IsNextOfItsStream(e)) throw Bad(last, "it is not the next one of its stream");
        CompareHeads();
    }

    private bool IsNextOfItsStream(ExportedEvent e)
    {
        var before = versions.TryGetValue(e.Stream, out var known) ? known : begin.After == 0 ? 0 : e.Version - 1;
        versions[e.Stream] = e.Version;
        return e.Version == before + 1 && e.Version > 0;
    }

    private void CompareHeads()
    {
        for (; heads.TryPeek(out var head) && head.Sequence == last; heads.Dequeue())
        {
            if (head.Chain != Chain || head.Events != begin.EventsBefore + Count)
                throw Bad(sinceAgreed ?? last, $"the head that was signed at {last} is of another chain");
            Agreed++;
            sinceAgreed = null;
        }
    }

    private void Finish(ExportEnd end)
    {
        End = end;
        if (heads.TryPeek(out var head))
            throw Bad(Next, $"a signed head says that the log goes on to {head.Sequence}: it was cut off, or this is an older copy");
        if (end.Count != Count || end.Events != begin.EventsBefore + Count || end.Chain != Chain || (Count > 0 && end.Sequence != last))
            throw Bad(sinceAgreed ?? Next, "the events are not those the last line tells of");
        var form = begin.To is null ? LedgerExport.SignedWhole : LedgerExport.SignedPart;
        var signed = new SignedHead(form, begin.Workspace, end.Sequence, end.Events, end.Chain, end.At, end.KeyId, end.Signature);
        if (!IsKnown(end.KeyId)) throw Bad(sinceAgreed ?? Next, $"the end is signed with the key {end.KeyId}, which is not among those to trust");
        if (!IsSigned(signed)) throw Bad(sinceAgreed ?? Next, "the end was not signed like this");
    }

    private bool IsKnown(string key) => keys.Any(k => k.Id == key);

    private bool IsSigned(SignedHead head) => keys.Any(k => k.HasSigned(head));

    private BadExportException Bad(long position, string why) => new(position, line, why);

    private static long? PositionOf(JsonElement content) =>
        content.TryGetProperty("sequence", out var s) && s.ValueKind == JsonValueKind.Number && s.TryGetInt64(out var position) ? position : null;

    private static string Hex(byte[] hash) => Convert.ToHexStringLower(hash);

    private static bool IsHash(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);
}
