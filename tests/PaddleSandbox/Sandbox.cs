using System.Net;
using Allocora.PaddleSandbox.Adjustments;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.Catalogue;
using Allocora.PaddleSandbox.Control;
using Allocora.PaddleSandbox.Events;
using Allocora.PaddleSandbox.History;
using Allocora.PaddleSandbox.Payouts;
using Allocora.PaddleSandbox.Reports;
using Allocora.PaddleSandbox.Transactions;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox;

/// <summary>The sandbox, running: the API at one address, the control API at another.</summary>
internal sealed class Sandbox : IAsyncDisposable
{
    private readonly WebApplication api, control;
    private readonly Courier courier;

    private Sandbox(Account account, WebApplication api, WebApplication control, Courier courier) =>
        (Account, this.api, this.control, this.courier) = (account, api, control, courier);

    public Account Account { get; }

    public string Api => api.Urls.Single();

    public string Control => control.Urls.Single();

    public string Key => Account.Keys.First.Token;

    public Task Stopped => api.WaitForShutdownAsync();

    /// <summary>Every endpoint of the API.</summary>
    public IEnumerable<RouteEndpoint> Endpoints => ((IEndpointRouteBuilder)api).DataSources.SelectMany(one => one.Endpoints).OfType<RouteEndpoint>();

    /// <param name="options">What it is started with.</param>
    /// <param name="more">Parts of history that can tell what happened, beside the past itself.</param>
    public static async Task<Sandbox> Start(Options options, params IReadOnlyList<IHappenings> more)
    {
        var account = Open(options);
        var (limit, counters, faults) = (new RateLimit(options.RateLimit, TimeProvider.System), new Counters(), new Faults(account));
        var log = new EventLog(account, [account.Past, account.Payouts, .. more]);
        var (destinations, notifications) = (new Destinations(account), new Notifications(account));
        var courier = new Courier(account, log, destinations, notifications, TimeProvider.System);

        var api = Host(options.Port);
        api.UseRouting();
        api.Use(new Edge(account, limit, counters, faults).Invoke);
        api.MapRoot(account);
        api.MapCatalogue(account);
        api.MapTransactions(account);
        api.MapAdjustments(account);
        api.MapEvents(account, log);
        api.MapDestinations(account, destinations, log);
        api.MapNotifications(account, notifications, log, courier);
        api.MapReports(account);
        var control = Host(options.ControlPort);
        control.UseControlEdge();
        control.MapControl(account, limit, counters, faults, log, destinations);
        control.MapVerbs(account);
        control.MapGivenFiles(account);
        control.MapPayoutTruth(account);
        control.MapGet("/", () => Results.Json(new { paddle = api.Urls.Single(), key = account.Keys.First.Token }));
        await api.StartAsync();
        await control.StartAsync();
        courier.Start();
        return new Sandbox(account, api, control, courier);
    }

    public async ValueTask DisposeAsync()
    {
        await courier.DisposeAsync();
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
            Adjustments = new Collection("adj", past.Adjustments, "transaction_id"),
            Products = new Collection("pro", past.Products),
            Prices = new Collection("pri", past.Prices),
            Customers = new Collection("ctm", past.Customers),
            Addresses = new Collection("add", past.Addresses),
            Businesses = new Collection("biz", past.Businesses),
            Discounts = new Collection("dsc", past.Discounts),
            Reports = new Collection("rep", ListShelf.Empty),
        };
        past.Choices = () => ChoicesOfThen.Value ?? account.Choices;
        account.Transactions.Writing = account.Adjustments.Writing = written => past.TakeOver(written, account.Clock.Now);
        return account;
    }

    private static WebApplication Host(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server =>
        {
            server.AddServerHeader = false;
            // The API has a limit of its own; the control API takes whole histories.
            server.Limits.MaxRequestBodySize = null;
            server.Listen(IPAddress.Loopback, port);
        });
        return builder.Build();
    }
}
