using System.Security.Cryptography;
using System.Text;

namespace Allocora.Connector;

/// <summary>A provider's key or a webhook's secret in the clear. It shows itself only to who asks for it by name, and is wiped when done with.</summary>
internal sealed class Secret : IDisposable
{
    private readonly byte[] bytes;

    public Secret(ReadOnlySpan<byte> bytes) => this.bytes = bytes.ToArray();

    public static Secret Of(string text) => new(Encoding.UTF8.GetBytes(text));

    public ReadOnlySpan<byte> Reveal() => bytes;

    public override string ToString() => "****";

    public void Dispose() => CryptographicOperations.ZeroMemory(bytes);
}
