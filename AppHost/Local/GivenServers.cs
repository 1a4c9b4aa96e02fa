using Npgsql;
using RabbitMQ.Client;

namespace Allocora.AppHost;

/// <summary>Servers somebody else runs, named by <c>ConnectionStrings__postgres</c> and <c>ConnectionStrings__rabbitmq</c>.</summary>
internal static class GivenServers
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15), AskEvery = TimeSpan.FromMilliseconds(250);

    public static async Task<string> Postgres(string connectionString, Action<string> say, CancellationToken ct)
    {
        const string key = "ConnectionStrings__postgres";
        if (!NamesAServer(connectionString))
        {
            throw new StartFailure($"{key} is not a PostgreSQL connection string; give it as Host=…;Port=…;Username=…;Password=….");
        }
        await Wait(key, say, c => PostgresCheck.WhyNotUsable(connectionString, c), ct);
        return connectionString;
    }

    public static async Task<string> Broker(string address, Action<string> say, CancellationToken ct)
    {
        const string key = "ConnectionStrings__rabbitmq";
        if (!IsAddress(address))
            throw new StartFailure($"{key} is not a RabbitMQ address; give it as amqp://user:password@host:port/.");
        await Wait(key, say, c => BrokerCheck.WhyNotUsable(address, c), ct);
        return address;
    }

    private static bool IsAddress(string text)
    {
        try
        {
            return new ConnectionFactory { Uri = new(text) }.HostName != "";
        }
        catch (Exception e) when (e is ArgumentException or UriFormatException)
        {
            return false; // what is wrong would quote the password
        }
    }

    private static bool NamesAServer(string connectionString)
    {
        try
        {
            return !string.IsNullOrWhiteSpace(new NpgsqlConnectionStringBuilder(connectionString).Host);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            return false;
        }
    }

    private static async Task Wait(string key, Action<string> say, Func<CancellationToken, Task<PostgresCheck.Trouble?>> whyNotUsable, CancellationToken ct)
    {
        for (var waited = TimeSpan.Zero; ; waited += AskEvery)
        {
            if (await whyNotUsable(ct) is not { } trouble) return;
            if (waited == TimeSpan.Zero && !trouble.Final) say($"{trouble.Sentence}; waiting {Patience.TotalSeconds:0} s");
            if (trouble.Final || waited > Patience) throw new StartFailure($"{key}: {trouble.Sentence}.");
            await Task.Delay(AskEvery, ct);
        }
    }
}
