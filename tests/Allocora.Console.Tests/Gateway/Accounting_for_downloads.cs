namespace Allocora.Console.Tests.Gateway;

public sealed class Accounting_for_downloads
{
    [Fact]
    public async Task A_file_that_was_handed_out_is_in_the_log_once()
    {
        await using var gateway = await RunningGateway.Start();
        Assert.Equal("a,b", await (await gateway.Get("/api/v1/workspaces/first/ledger/export/file?q=secret")).Content.ReadAsStringAsync());
        await gateway.Send(HttpMethod.Head, $"{RunningGateway.One}/ledger/export/file");
        await gateway.Get($"{RunningGateway.One}/ledger/echo");

        Assert.Equal("""ws_one usr_mara key:key_mara {"Path": "/api/v1/workspaces/ws_one/ledger/export/file", "Service": "ledger"}""",
            await gateway.Database.Ask("""
                select string_agg(tenant_id || ' ' || (headers->>'actor') || ' ' || (headers->>'via') || ' ' || data, '; ')
                from console.mt_events where type = 'downloaded'
                """));
    }
}
