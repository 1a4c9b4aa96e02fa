using Allocora.Contracts.Events;

namespace Allocora.Interop;

/// <summary>One stream as a document of the stranger's; Marten writes the code that calls Apply, and for that the class is partial.</summary>
public sealed partial class Sale
{
    public string Id { get; set; } = "";

    public long Gross { get; set; }

    public void Apply(TransactionRecorded happened) => Gross += happened.Gross;
}
