using Microsoft.Extensions.Options;

namespace Allocora.ServiceDefaults.Tests;

public sealed class Refusing_unsafe_settings
{
    [Theory]
    [InlineData("Host=db;Username=ledger_app;Password=postgres")]
    [InlineData("Host=db;Username=ledger_app;Password=ledger_app")]
    [InlineData("Host=db;User ID=ledger_app;pwd=Password")]
    [InlineData("Host=db;Username=ledger_app;Password=''")]
    [InlineData("amqp://guest:guest@broker:5672")]
    [InlineData("amqps://ledger:ledger@broker/v")]
    public async Task A_password_everybody_knows_in_production(string connection)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(
            () => TestHost.Start(null, null, "environment=Production", $"ConnectionStrings:ledger={connection}"));

        Assert.Equal("ConnectionStrings__ledger has a password everybody knows; give it one of its own.", Assert.Single(refused.Failures));
    }

    [Theory]
    [InlineData("Host=db;Username=ledger_app;Password=x7fk20sj")]
    [InlineData("Host=db;Username=ledger_app;SSL Certificate=/etc/cert.pem")]
    [InlineData("amqps://ledger:x7fk20sj@broker/v")]
    [InlineData("no connection string at all")]
    public async Task But_not_one_that_is_nobody_else_s_business(string connection)
    {
        await using var host = await TestHost.Start(null, null, "environment=Production", $"ConnectionStrings:ledger={connection}");

        Assert.Equal("ready", (await host.Get<Readiness>("/healthz/ready")).State);
    }

    [Theory]
    [InlineData("urls=http://0.0.0.0:0")]
    [InlineData("urls=http://127.0.0.1:0;http://*:0")]
    [InlineData("urls=http://[::]:0")]
    [InlineData("urls=http://allocora.example:0")]
    [InlineData("Kestrel:Endpoints:Web:Url=http://+:0")]
    public async Task Development_where_others_can_reach_it(string address)
    {
        foreach (var environment in new[] { "Development", "Staging", "Producton" })
        {
            var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => TestHost.Start(null, null, $"environment={environment}", address));
            Assert.StartsWith("ASPNETCORE_URLS lets others reach http://", Assert.Single(refused.Failures), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("urls=http://localhost:0")]
    [InlineData("urls=http://127.0.0.1:0;http://[::1]:0")]
    public void Development_on_this_machine_is_what_it_is_for(string address)
    {
        using var host = Service.Build("probe", ["--environment=Development", $"--{address}"], _ => { });

        Assert.Equal("Development", host.Environment.EnvironmentName);
    }
}
