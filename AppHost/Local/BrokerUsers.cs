using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;

namespace Allocora.AppHost;

/// <summary>What a user may make (and delete), send to and take from: patterns of names, and for a topic exchange of routing keys.</summary>
internal sealed record BrokerRights(string Configure, string Write, string Read, string Topics);

/// <summary>Makes a user for each service on a broker of ours; done again, it changes nothing.</summary>
internal sealed class BrokerUsers : IDisposable
{
    private const string Ingest = @"allocora\.ingest", Events = @"allocora\.events", DeadLetters = @"allocora\.dlx", Nothing = "^$";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60), AskEvery = TimeSpan.FromMilliseconds(250);
    private readonly HttpClient management;
    private readonly string vhost;

    /// <param name="address">Of the management API, with the administrator's user and password.</param>
    public BrokerUsers(Uri address, string vhost)
    {
        management = new() { BaseAddress = new($"{address.Scheme}://{address.Authority}"), Timeout = TimeSpan.FromSeconds(10) };
        management.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(address.UserInfo))));
        this.vhost = Uri.EscapeDataString(vhost);
    }

    /// <summary>The least that lets a service say and hear what is its own.</summary>
    public static BrokerRights RightsOf(string service) => service switch
    {
        "connector" => Says(service, Ingest, Nothing),
        // It has the queue, so it also makes the exchange in front and what is behind it.
        "ledger" => new(
            $"^({Ingest}|{Events}|{DeadLetters}|{Own(service)})$", $@"^({Events}|{DeadLetters}|ledger\..+)$", $@"^({Ingest}|{DeadLetters}|ledger\..+)$",
            @"^[^.]+\.(revenue|reconciliation)\."),
        "calculation" => Says(service, Events, @"^[^.]+\.(calculation\.|payout\.line\.)"),
        "statements" => Says(service, Events, @"^[^.]+\.(statement\.|payout\.batch\.)"),
        _ => throw new StartFailure($"It is not decided what {service} may do on the broker; see BrokerUsers.cs."),
    };

    public async Task Make(string service, string user, string password, CancellationToken ct)
    {
        var rights = RightsOf(service);
        await Put($"users/{Uri.EscapeDataString(user)}", new { password, tags = "" }, ct);
        await Put($"permissions/{vhost}/{Uri.EscapeDataString(user)}", new { configure = rights.Configure, write = rights.Write, read = rights.Read }, ct);
        // Without one, whoever may write to a topic exchange may use every routing key.
        await Put($"topic-permissions/{vhost}/{Uri.EscapeDataString(user)}", new { exchange = "allocora.events", write = rights.Topics, read = Nothing }, ct);
    }

    public void Dispose() => management.Dispose();

    private static BrokerRights Says(string service, string exchange, string topics) =>
        new($"^({exchange}|{Own(service)})$", $"^{exchange}$", Nothing, topics);

    // Its queues, and the mark by which it knows that the broker has kept its data.
    private static string Own(string service) => $@"{service}\..+|allocora\.mark\.{service}\..+";

    // The management API opens a little later than the broker itself.
    private async Task Put<T>(string what, T content, CancellationToken ct)
    {
        for (var waited = TimeSpan.Zero; ; waited += AskEvery)
        {
            try
            {
                using var answer = await management.PutAsJsonAsync($"api/{what}", content, ct);
                if (answer.IsSuccessStatusCode) return;
                if (waited > Patience) throw new StartFailure($"RabbitMQ answers {(int)answer.StatusCode} when it is to have {what}.");
            }
            catch (HttpRequestException e)
            {
                if (waited > Patience) throw new StartFailure($"The management API of RabbitMQ does not answer: {e.Message.TrimEnd('.')}.");
            }
            await Task.Delay(AskEvery, ct);
        }
    }
}
