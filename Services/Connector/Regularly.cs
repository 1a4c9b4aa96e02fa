using Npgsql;

namespace Allocora.Connector;

/// <summary>Work that is done now and every so often, for as long as the service runs. A database that is away puts it off to the next time.</summary>
internal static class Regularly
{
    public static async Task Do(
        TimeSpan every, Func<CancellationToken, Task> work, Action<NpgsqlException> failed, TimeProvider time, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(every, time);
        do
        {
            try
            {
                await work(ct);
            }
            catch (NpgsqlException e)
            {
                failed(e);
            }
        }
        while (await timer.WaitForNextTickAsync(ct));
    }
}
