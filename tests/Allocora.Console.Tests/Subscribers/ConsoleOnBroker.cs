using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Allocora.Console.Tests.Workspaces;
using Allocora.Contracts.Messages;
using Allocora.Testing;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;

namespace Allocora.Console.Tests.Subscribers;

/// <summary>The Console with a database and a virtual host of its own, in which there is the exchange of events.</summary>
internal sealed class ConsoleOnBroker : IAsyncDisposable
{
    private readonly HttpClient management;
    private readonly List<string> users = [];
    private readonly TestVhost vhost;

    private ConsoleOnBroker(AccessConsole console, TestVhost vhost, HttpClient management, string ann, string workspace) =>
        (Console, this.vhost, this.management, Ann, Workspace) = (console, vhost, management, ann, workspace);

    public AccessConsole Console { get; }

    /// <summary>An admin of the workspace.</summary>
    public string Ann { get; }

    public string Workspace { get; }

    public Uri Address => vhost.Address;

    public KeepBrokerAccounts Keeper => Console.Services.GetRequiredService<KeepBrokerAccounts>();

    public static async Task<ConsoleOnBroker> Start()
    {
        var (servers, vhost) = (await TestServers.Get(), await TestVhost.Create());
        var console = await AccessConsole.Start($"--ConnectionStrings:rabbitmq_admin={servers.Management}", $"--ConnectionStrings:rabbitmq={vhost.Address}");
        var management = new HttpClient { BaseAddress = new($"{servers.Management.Scheme}://{servers.Management.Authority}") };
        management.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(servers.Management.UserInfo))));
        await using var connection = await new ConnectionFactory { Uri = vhost.Address }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.ExchangeDeclareAsync(Exchanges.Events, ExchangeType.Topic, durable: true);
        var ann = await console.Owner();
        return new(console, vhost, management, ann, await console.Open(ann, "acme"));
    }

    public static string PathOf(string workspace) => $"/api/v1/workspaces/{workspace}/subscribers";

    public async Task<JsonElement> Add(string? workspace = null)
    {
        var answer = await Console.Ask(Ann, HttpMethod.Post, PathOf(workspace ?? Workspace), """{"name":"CRM"}""");
        Assert.Equal(201, answer.Status);
        users.Add(answer.Text("user"));
        return answer.Body;
    }

    public async Task<int> Revoke(string? id) => (await Console.Ask(Ann, HttpMethod.Post, $"{PathOf(Workspace)}/{id}/revoke")).Status;

    public Task<IConnection> Connect(JsonElement account) => new ConnectionFactory
    {
        Uri = new UriBuilder(vhost.Address) { UserName = Text(account, "user"), Password = Text(account, "password") }.Uri,
        AutomaticRecoveryEnabled = false,
    }.CreateConnectionAsync();

    public async Task Tell(string key)
    {
        await using var connection = await new ConnectionFactory { Uri = vhost.Address }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
        await channel.BasicPublishAsync(Exchanges.Events, key, "{}"u8.ToArray());
    }

    public async Task<bool> HasUser(string user) => (await management.GetAsync($"/api/users/{user}")).IsSuccessStatusCode;

    public async Task DeleteUser(string user) => (await management.DeleteAsync($"/api/users/{user}")).EnsureSuccessStatusCode();

    /// <summary>Past the Console, with every right in the virtual host.</summary>
    public async Task MakeUser(string user)
    {
        users.Add(user);
        (await management.PutAsJsonAsync($"/api/users/{user}", new { password = "known", tags = "" })).EnsureSuccessStatusCode();
        (await management.PutAsJsonAsync($"/api/permissions/{vhost.Name}/{user}", new { configure = ".*", write = ".*", read = ".*" }))
            .EnsureSuccessStatusCode();
    }

    public async Task<IReadOnlyList<string>> Queues() =>
        [.. (await management.GetFromJsonAsync<JsonElement>($"/api/queues/{vhost.Name}?columns=name")).EnumerateArray().Select(q => Text(q, "name"))];

    public static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    public async ValueTask DisposeAsync()
    {
        await Console.DisposeAsync();
        foreach (var user in users) await management.DeleteAsync($"/api/users/{user}");
        await vhost.DisposeAsync();
        management.Dispose();
    }
}
