using System.Globalization;
using Wolverine.Attributes;

namespace Allocora.Interop;

/// <summary>The public message as a subscriber declares it: the name is all that ties it to ours.</summary>
[MessageIdentity("com.allocora.revenue.transaction.recorded.v1")]
public sealed record RevenueTransactionRecorded(string TransactionId, Price Total);

public sealed record Price(string Amount, string Currency);

public sealed class RevenueTransactionRecordedHandler
{
    private static long count, sum;

    public static long Count => Interlocked.Read(ref count);

    public static long Sum => Interlocked.Read(ref sum);

    public void Handle(RevenueTransactionRecorded message)
    {
        Interlocked.Add(ref sum, long.Parse(message.Total.Amount, CultureInfo.InvariantCulture));
        Interlocked.Increment(ref count);
    }
}
