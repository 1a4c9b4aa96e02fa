namespace Allocora.AppHost;

/// <summary>The whole system on one page: which servers there are, which services, and who needs whom.</summary>
internal static class AllocoraSystem
{
    public static Topology Describe()
    {
        var system = new Topology();

        var postgres = system.Postgres("postgres");
        var rabbitmq = system.RabbitMq("rabbitmq");
        var paddle = system.PaddleSandbox(PaddleStandIn.Name);

        var connectorDb = system.Database("connector", on: postgres);
        var ledgerDb = system.Database("ledger", on: postgres);
        var calculationDb = system.Database("calculation", on: postgres);
        var statementsDb = system.Database("statements", on: postgres);
        var consoleDb = system.Database("console", on: postgres);

        // Every service owns one database, and reads an upstream log as a role that can only read; the connector reads the ledger's,
        // to know what has arrived there. The console, which is the gateway, makes the keys with which it signs what it tells each of them.
        var connector = system.Service(
            "connector", "Services/Connector", owns: connectorDb, keysIn: consoleDb, tails: [ledgerDb], broker: rabbitmq, provider: paddle, hasVault: true);
        var ledger = system.Service("ledger", "Services/Ledger", owns: ledgerDb, keysIn: consoleDb, tails: [consoleDb], broker: rabbitmq);
        var calculation = system.Service(
            "calculation", "Services/Calculation", owns: calculationDb, keysIn: consoleDb, tails: [ledgerDb], broker: rabbitmq);
        var statements = system.Service(
            "statements", "Services/Statements", owns: statementsDb, keysIn: consoleDb, tails: [calculationDb, ledgerDb], broker: rabbitmq);

        // The console does not wait for the services it calls: it is where one sees that they are not there.
        // Their logs it reads for the audit trail. On the broker it makes the users of subscribers, and is none itself.
        system.Service("console", "Services/Console", owns: consoleDb, tails: [connectorDb, ledgerDb, calculationDb, statementsDb],
            calls: [connector, ledger, calculation, statements], isPublic: true, accountsOn: rabbitmq);

        return system;
    }
}
