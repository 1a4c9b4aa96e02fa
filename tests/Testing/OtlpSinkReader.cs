using System.Buffers.Binary;
using System.Text;

namespace Allocora.Testing;

/// <summary>Walks over the fields of one protobuf message. What a field holds is in <see cref="Number"/> or <see cref="Payload"/>.</summary>
internal ref struct OtlpSinkReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> rest = message;

    public int Field { get; private set; }

    public ulong Number { get; private set; }

    public ReadOnlySpan<byte> Payload { get; private set; }

    public readonly string Text => Encoding.UTF8.GetString(Payload);

    public readonly string Hex => Convert.ToHexStringLower(Payload);

    public bool Next()
    {
        if (rest.IsEmpty) return false;
        var tag = Varint();
        if (tag >> 3 is 0 or > int.MaxValue) throw new InvalidDataException("A field has no valid number.");
        (Field, Number) = ((int)(tag >> 3), 0);
        Payload = default;
        switch (tag & 7)
        {
            case 0: Number = Varint(); break;
            case 1: Number = BinaryPrimitives.ReadUInt64LittleEndian(Take(8)); break;
            case 2: Payload = Take(Varint()); break;
            case 5: Number = BinaryPrimitives.ReadUInt32LittleEndian(Take(4)); break;
            default: throw new InvalidDataException($"Field {Field} has the unknown wire type {tag & 7}.");
        }
        return true;
    }

    private ulong Varint()
    {
        var value = 0ul;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Take(1)[0];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return value;
        }
        throw new InvalidDataException("A number is longer than ten bytes.");
    }

    private ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)rest.Length) throw new InvalidDataException($"The message ends {count - (ulong)rest.Length} bytes too early.");
        var taken = rest[..(int)count];
        rest = rest[(int)count..];
        return taken;
    }
}
