namespace Allocora.AppHost.Tests;

public sealed class What_a_service_is_told
{
    private static readonly Topology System = AllocoraSystem.Describe();

    [Fact]
    public void Its_own_database_and_the_logs_it_tails_each_as_the_role_made_for_that()
    {
        var statements = Of("statements");

        Assert.Equal("statements as statements_app", statements["ConnectionStrings__statements"]);
        Assert.Equal("statements as statements_worker", statements["ConnectionStrings__statements_worker"]);
        Assert.Equal("ledger as ledger_tail", statements["ConnectionStrings__ledger_tail"]);
        Assert.Equal("calculation as calculation_tail", statements["ConnectionStrings__calculation_tail"]);
        Assert.Equal("console as console_inner_statements", statements["ConnectionStrings__console_inner"]);
        Assert.Equal(6, statements.Keys.Count(k => k.StartsWith("ConnectionStrings__", StringComparison.Ordinal)));
    }

    [Fact]
    public void Where_it_keeps_the_heads_it_signs_and_the_key()
    {
        var ledger = Of("ledger");

        Assert.Equal(("/data/heads/ledger-key.pem", "/data/heads/ledger.ndjson"), (ledger["Heads__KeyFile"], ledger["Heads__File"]));
    }

    [Fact]
    public void The_key_of_the_tokens_it_gets_which_only_the_gateway_knows_too()
    {
        var services = System.Services.Where(s => !s.IsPublic).ToList();
        var console = Of("console");

        foreach (var service in services)
        {
            var told = Of(service.Name);
            Assert.Equal(console[$"Inner__Keys__{service.Name}"], told["Inner__Key"]);
            Assert.DoesNotContain(services.Except([service]), other => told.ContainsValue($"{other.InnerKey}!"));
        }
        Assert.Equal(services.Count, services.Select(s => s.InnerKey).Distinct().Count());
    }

    [Fact]
    public void People_sign_in_with_a_link_of_this_machine_unless_somebody_brings_their_own_provider()
    {
        Assert.Equal(("local", "link-key!"), (Of("console")["Identity__Mode"], Of("console")["Identity__LinkKey"]));

        var own = Of("console", ("Identity__Mode", "oidc"));

        Assert.Equal("oidc", own["Identity__Mode"]);
        Assert.DoesNotContain("Identity__LinkKey", own.Keys);
        Assert.DoesNotContain("Session__Key", Of("ledger").Keys);
    }

    [Fact]
    public void To_migrate_only_how_to_become_the_owner_of_its_schema()
    {
        var migrate = Told((addresses, service) => addresses.EnvironmentToMigrate(service), "ledger");

        Assert.Equal("ledger as ledger_owner", migrate["ConnectionStrings__ledger_owner"]);
        Assert.Single(migrate.Keys, k => k.StartsWith("ConnectionStrings__", StringComparison.Ordinal));
        Assert.DoesNotContain(Of("ledger").Keys, k => k.EndsWith("_owner", StringComparison.Ordinal));
    }

    [Fact]
    public void Never_the_connection_strings_we_were_given_ourselves()
    {
        var ledger = Of("ledger", ("ConnectionStrings__postgres", "Password=everything"), ("connectionstrings__rabbitmq", "amqp://everything"));

        Assert.DoesNotContain(ledger.Values, v => v.Contains("everything", StringComparison.Ordinal));
    }

    [Fact]
    public void The_broker_as_a_user_of_its_own()
    {
        foreach (var service in new[] { "connector", "ledger", "calculation", "statements" })
            Assert.Equal($"amqp://{service}@broker", Of(service)["ConnectionStrings__rabbitmq"]);
    }

    [Fact]
    public void Who_makes_the_accounts_of_subscribers_how_to_and_nobody_else()
    {
        Assert.Equal("http://admin@management", Of("console")["ConnectionStrings__rabbitmq_admin"]);
        foreach (var service in System.Services.Where(s => !s.IsPublic)) Assert.DoesNotContain("http://admin@management", Of(service.Name).Values);
    }

    [Fact]
    public void What_else_stands_in_our_environment() => Assert.Equal("00:00:02", Of("ledger", ("Readiness__Timeout", "00:00:02"))["Readiness__Timeout"]);

    [Fact]
    public void Its_own_address_and_not_one_that_was_meant_for_us()
    {
        var ledger = Of("ledger", ("ASPNETCORE_URLS", "http://+:80"), ("URLS", "http://+:80"), ("DOTNET_HTTP_PORTS", "80"),
            ("Kestrel__Endpoints__X__Url", "http://+:80"),
            ("Internal__Port", "81"), ("OTEL_SERVICE_NAME", "mine"), ("services__x__http__0", "y"));

        Assert.Equal(("http://127.0.0.1:2", "ledger"), (ledger["ASPNETCORE_URLS"], ledger["OTEL_SERVICE_NAME"]));
        Assert.DoesNotContain("Internal__Port", ledger.Keys);
        Assert.DoesNotContain("services__x__http__0", ledger.Keys);
        Assert.DoesNotContain(ledger.Values, value => value.Contains("80", StringComparison.Ordinal));
    }

    [Fact]
    public void The_console_a_public_and_an_internal_port_and_whom_it_calls()
    {
        var console = Of("console");

        Assert.Equal(("http://127.0.0.1:6", "5"), (console["ASPNETCORE_URLS"], console["Internal__Port"]));
        Assert.Equal(
            ["http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3", "http://127.0.0.1:4"],
            System.Services.Where(s => !s.IsPublic).Select(s => console[$"services__{s.Name}__http__0"]));
        Assert.Equal(
            ["calculation_tail", "connector_tail", "ledger_tail", "statements_tail"],
            console.Keys.Where(k => k.EndsWith("_tail", StringComparison.Ordinal)).Select(k => k["ConnectionStrings__".Length..]).Order());
    }

    private static Dictionary<string, string> Of(string service, params (string Key, string Value)[] inherited) =>
        Told((addresses, s) => addresses.EnvironmentOf(s), service, inherited);

    private static Dictionary<string, string> Told(
        Func<Addresses, ServiceResource, Dictionary<string, string>> told, string service, params (string Key, string Value)[] inherited)
    {
        var ports = System.Services.Select(s => s.Name).Append(Addresses.ConsoleDoor).Append(PaddleStandIn.Name)
            .Select((name, i) => (name, Port: i + 1)).ToDictionary();
        var addresses = new Addresses(
            (database, role) => $"{database.Name} as {role}", service => $"amqp://{service.Name}@broker", name => $"/data/{name}", key => $"{key}!", ports,
            inherited.ToDictionary(p => p.Key, p => p.Value))
        {
            BrokerAdmin = "http://admin@management",
        };
        return told(addresses, System.Services.Single(s => s.Name == service));
    }
}
