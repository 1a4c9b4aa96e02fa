using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Allocora.Contracts.Messages;

namespace Allocora.Console;

/// <summary>The broker does not do what it is asked, so it is not known how it stands with it.</summary>
internal sealed class BrokerUnavailableException(string what, Exception? cause = null) : Exception($"The broker's management API {what}.", cause);

/// <summary>Where the broker is, for subscribers and for who makes their accounts.</summary>
/// <param name="Admin">The management API with a user that may make users; null when nobody is to make any.</param>
/// <param name="Public">The AMQP address without user and password.</param>
internal sealed record BrokerPlace(Uri? Admin, Uri? Public, string VirtualHost)
{
    public static BrokerPlace Of(IConfiguration configuration)
    {
        var (admin, amqp) = (Given(configuration, "rabbitmq_admin", "http", "https"), Given(configuration, "rabbitmq", "amqp", "amqps"));
        var path = Uri.UnescapeDataString(amqp?.AbsolutePath.TrimStart('/') ?? "");
        return new(admin, amqp is null ? null : new UriBuilder(amqp) { UserName = "", Password = "" }.Uri, path == "" ? "/" : path);
    }

    // What is wrong is not quoted: it holds a password.
    private static Uri? Given(IConfiguration configuration, string name, params string[] schemes)
    {
        if (configuration.GetConnectionString(name) is not { Length: > 0 } text) return null;
        return Uri.TryCreate(text, UriKind.Absolute, out var address) && schemes.Contains(address.Scheme)
            ? address
            : throw new InvalidOperationException($"ConnectionStrings__{name} is no address; give it as {schemes[0]}://user:password@host:port.");
    }
}

/// <summary>Makes and removes the users of subscribers over the management API. What is done again changes nothing.</summary>
internal sealed class BrokerAccounts(BrokerPlace place, IHttpClientFactory clients)
{
    public const string Client = "broker-accounts";
    private readonly string vhost = Uri.EscapeDataString(place.VirtualHost);

    public static void Prepare(HttpClient http, BrokerPlace place)
    {
        if (place.Admin is not { } admin) return;
        http.BaseAddress = new($"{admin.Scheme}://{admin.Authority}");
        http.Timeout = TimeSpan.FromSeconds(10);
        http.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(admin.UserInfo))));
    }

    /// <summary>Whether it would do what it is asked; it throws if not.</summary>
    public Task Check(CancellationToken ct) => Send(HttpMethod.Get, $"vhosts/{vhost}", null, ct);

    public async Task Make(SubscriberAccount account, CancellationToken ct)
    {
        var user = account.User;
        await Send(HttpMethod.Put, $"users/{user}",
            new { password_hash = account.PasswordHash, hashing_algorithm = "rabbit_password_hashing_sha256", tags = "" }, ct);
        // First what narrows it: whoever may read a topic exchange and has no such permission may bind every key.
        await Send(HttpMethod.Put, $"topic-permissions/{vhost}/{user}",
            new { exchange = Exchanges.Events, write = SubscriberAccount.Nothing, read = account.Topics }, ct);
        await Send(HttpMethod.Put, $"permissions/{vhost}/{user}", new { configure = account.Configure, write = account.Write, read = account.Read }, ct);
    }

    /// <summary>The user, whose connections the broker then closes, and its queues, which nobody would empty any more.</summary>
    public async Task Remove(string user, CancellationToken ct)
    {
        await Send(HttpMethod.Delete, $"users/{user}", null, ct);
        var prefix = SubscriberAccount.QueuePrefixOf(SubscriberAccount.IdOf(user));
        foreach (var kind in new[] { "queues", "exchanges" })
            foreach (var name in (await Names(kind, ct)).Where(name => name.StartsWith(prefix, StringComparison.Ordinal)))
                await Send(HttpMethod.Delete, $"{kind}/{vhost}/{Uri.EscapeDataString(name)}", null, ct);
    }

    /// <summary>Who may do something in our virtual host and is called like a subscriber.</summary>
    public async Task<IReadOnlySet<string>> Users(CancellationToken ct) =>
        (await Ask<WithUser>($"vhosts/{vhost}/permissions", ct)).Select(p => p.User).Where(IsOfSubscriber).ToHashSet();

    /// <summary>Everybody who is called so, also who may do nothing or is of another virtual host.</summary>
    public async Task<IReadOnlySet<string>> AllUsers(CancellationToken ct) =>
        (await Ask<Named>("users?columns=name", ct)).Select(u => u.Name).Where(IsOfSubscriber).ToHashSet();

    private static bool IsOfSubscriber(string user) => user.StartsWith(SubscriberAccount.UserPrefix, StringComparison.Ordinal)
        && Contracts.NewId.Is("sub", SubscriberAccount.IdOf(user));

    private async Task<IEnumerable<string>> Names(string kind, CancellationToken ct) =>
        (await Ask<Named>($"{kind}/{vhost}?columns=name", ct)).Select(n => n.Name);

    private async Task<T[]> Ask<T>(string what, CancellationToken ct)
    {
        try
        {
            using var http = clients.CreateClient(Client);
            return await http.GetFromJsonAsync<T[]>($"api/{what}", ct) ?? [];
        }
        catch (Exception e) when (IsAway(e, ct) || e is System.Text.Json.JsonException)
        {
            throw new BrokerUnavailableException("does not say what there is", e);
        }
    }

    private async Task Send(HttpMethod method, string what, object? content, CancellationToken ct)
    {
        try
        {
            using var http = clients.CreateClient(Client);
            using var request = new HttpRequestMessage(method, $"api/{what}");
            if (content is not null) request.Content = JsonContent.Create(content);
            using var answer = await http.SendAsync(request, ct);
            // What is not there needs no removing.
            if (answer.IsSuccessStatusCode || (answer.StatusCode == HttpStatusCode.NotFound && method == HttpMethod.Delete)) return;
            throw new BrokerUnavailableException($"answers {(int)answer.StatusCode} to {method}");
        }
        catch (Exception e) when (IsAway(e, ct))
        {
            throw new BrokerUnavailableException("does not answer", e);
        }
    }

    private static bool IsAway(Exception e, CancellationToken ct) => e is HttpRequestException || (e is TaskCanceledException && !ct.IsCancellationRequested);

    private sealed record Named(string Name);

    private sealed record WithUser(string User);
}
