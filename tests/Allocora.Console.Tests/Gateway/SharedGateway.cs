using Allocora.Testing;

namespace Allocora.Console.Tests.Gateway;

/// <summary>One gateway for all tests of a class, which run one after the other. It is less patient with callers than a real one.</summary>
public sealed class SharedGateway : IAsyncLifetime
{
    internal RunningGateway Gateway { get; private set; } = null!;

    public async Task InitializeAsync() => Gateway = await RunningGateway.Start(limits =>
    {
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(1);
        limits.MinRequestBodyDataRate = new(bytesPerSecond: 1000, gracePeriod: TimeSpan.FromSeconds(1.1));
    }, time: null);

    public async Task DisposeAsync() => await Gateway.DisposeAsync();
}

/// <summary>One whose clock the tests move.</summary>
public sealed class SharedManualGateway : IAsyncLifetime
{
    internal ManualTime Time { get; } = new(TimeProvider.System.GetUtcNow());
    internal RunningGateway Gateway { get; private set; } = null!;

    public async Task InitializeAsync() => Gateway = await RunningGateway.Start(null, Time, "--Gateway:Patience=00:10:00");

    public async Task DisposeAsync() => await Gateway.DisposeAsync();
}
