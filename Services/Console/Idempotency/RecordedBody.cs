namespace Allocora.Console;

/// <summary>Holds an answer back until it is whole, so that it can be stored before anybody sees it; one that grows too large is let go.</summary>
internal sealed class RecordedBody(Stream caller, int max) : Stream
{
    private MemoryStream? held = new();

    /// <summary>Nothing has been sent yet, and all of it is here.</summary>
    public bool IsWhole => held is not null;

    public byte[] Held => held?.ToArray() ?? throw new InvalidOperationException("The answer was too large to hold.");

    // The framework cuts off what it has written this way when it begins another answer.
    public override bool CanSeek => IsWhole;
    public override bool CanRead => false;
    public override bool CanWrite => true;
    public override long Length => held?.Length ?? throw new NotSupportedException();
    public override long Position { get => Length; set => throw new NotSupportedException(); }

    public override void SetLength(long value) => (held ?? throw new NotSupportedException()).SetLength(value);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (held is not null && held.Length + buffer.Length > max)
        {
            var before = held;
            held = null;
            await caller.WriteAsync(before.GetBuffer().AsMemory(0, (int)before.Length), cancellationToken);
        }
        if (held is null) await caller.WriteAsync(buffer, cancellationToken);
        else held.Write(buffer.Span);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => IsWhole ? Task.CompletedTask : caller.FlushAsync(cancellationToken);

    public override void Flush() { } // what is asked for in time is asked for by FlushAsync

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
}
