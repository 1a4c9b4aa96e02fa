using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;

namespace Allocora.Testing;

/// <summary>A RabbitMQ virtual host of a test class's own.</summary>
public sealed class TestVhost : IAsyncDisposable
{
    private readonly HttpClient management;

    private TestVhost(HttpClient management, Uri broker, string name)
    {
        (this.management, Name) = (management, name);
        Address = new UriBuilder(broker) { Path = $"/{name}" }.Uri;
    }

    public string Name { get; }

    /// <summary>The AMQP address, user, password and virtual host included.</summary>
    public Uri Address { get; }

    public static async Task<TestVhost> Create()
    {
        var servers = await TestServers.Get();
        var management = new HttpClient { BaseAddress = new Uri($"{servers.Management.Scheme}://{servers.Management.Authority}") };
        management.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(servers.Management.UserInfo))));

        var name = $"test-{Guid.NewGuid():N}";
        (await management.PutAsync($"/api/vhosts/{name}", new StringContent("{}", Encoding.UTF8, "application/json"))).EnsureSuccessStatusCode();
        var user = Uri.UnescapeDataString(servers.Broker.UserInfo.Split(':')[0]);
        var everything = new StringContent("""{"configure":".*","write":".*","read":".*"}""", Encoding.UTF8, "application/json");
        (await management.PutAsync($"/api/permissions/{name}/{Uri.EscapeDataString(user)}", everything)).EnsureSuccessStatusCode();
        return new(management, servers.Broker, name);
    }

    /// <summary>The names of the connections to this virtual host. The broker lists a new one some seconds after it opened.</summary>
    public Task<IReadOnlyList<string>> Connections(int atLeast) => Eventually.Sees<IReadOnlyList<string>>(
        async ct => [.. (await management.GetFromJsonAsync<Connection[]>($"/api/vhosts/{Name}/connections", ct))!.Select(c => c.Name)],
        names => names.Count >= atLeast);

    /// <summary>Closes a connection as an operator would.</summary>
    public async Task Close(string connection) =>
        (await management.DeleteAsync($"/api/connections/{Uri.EscapeDataString(connection)}")).EnsureSuccessStatusCode();

    public async Task DeleteUser(string user) => (await management.DeleteAsync($"/api/users/{user}")).EnsureSuccessStatusCode();

    public async ValueTask DisposeAsync()
    {
        (await management.DeleteAsync($"/api/vhosts/{Name}")).EnsureSuccessStatusCode();
        management.Dispose();
    }

    private sealed record Connection(string Name);
}
