using System.Net;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.Catalogue;
using Allocora.PaddleSandbox.History;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox;

/// <summary>The sandbox, running: the API at one address, the control API at another.</summary>
internal sealed class Sandbox : IAsyncDisposable
{
    private readonly WebApplication api, control;

    private Sandbox(Account account, WebApplication api, WebApplication control) => (Account, this.api, this.control) = (account, api, control);

    public Account Account { get; }

    public string Api => api.Urls.Single();

    public string Control => control.Urls.Single();

    public string Key => Account.Keys.First.Token;

    public Task Stopped => api.WaitForShutdownAsync();

    public static async Task<Sandbox> Start(Options options)
    {
        var account = Open(options);
        var api = Host(options.Port);
        api.UseEdge(account);
        api.MapCatalogue(account);
        var control = Host(options.ControlPort);
        await api.StartAsync();
        await control.StartAsync();
        return new Sandbox(account, api, control);
    }

    public async ValueTask DisposeAsync()
    {
        await api.DisposeAsync();
        await control.DisposeAsync();
    }

    private static Account Open(Options options)
    {
        var past = Past.Of(options);
        var account = new Account
        {
            Options = options,
            Past = past,
            Choices = options.Choices,
            Clock = new WorldClock(options.Now ?? options.Until, TimeProvider.System),
            Keys = new Keys(options),
            Transactions = new Collection("txn", past.Transactions),
            Adjustments = new Collection("adj", past.Adjustments),
            Products = new Collection("pro", past.Products),
            Prices = new Collection("pri", past.Prices),
            Customers = new Collection("ctm", past.Customers),
            Addresses = new Collection("add", past.Addresses),
            Businesses = new Collection("biz", past.Businesses),
            Discounts = new Collection("dsc", past.Discounts),
            Reports = new Collection("rep", ListShelf.Empty),
        };
        past.Choices = () => account.Choices;
        return account;
    }

    private static WebApplication Host(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server =>
        {
            server.AddServerHeader = false;
            server.Listen(IPAddress.Loopback, port);
        });
        return builder.Build();
    }
}
