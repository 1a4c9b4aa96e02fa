#:sdk Aspire.AppHost.Sdk@13.4.0
#:package Aspire.Hosting.PostgreSQL@13.4.0
#:package Aspire.Hosting.RabbitMQ@13.4.0
#:property PublishAot=false

// The system of ../Local/AllocoraSystem.cs in Aspire's own words; a test compares the two. Run it with: aspire run
// Here the services share the broker's one user and PostgreSQL's; on servers of our own each gets its own, with the least rights.
var builder = DistributedApplication.CreateBuilder(args);

var postgresPassword = builder.AddParameter("postgres-password", secret: true);
var rabbitmqPassword = builder.AddParameter("rabbitmq-password", secret: true);

// Each is 32 random bytes in Base64. Those of the services are known to the console and to one of them each.
var sessionKey = builder.AddParameter("session-key", secret: true);
var linkKey = builder.AddParameter("link-key", secret: true);
var connectorKey = builder.AddParameter("inner-key-connector", secret: true);
var ledgerKey = builder.AddParameter("inner-key-ledger", secret: true);
var calculationKey = builder.AddParameter("inner-key-calculation", secret: true);
var statementsKey = builder.AddParameter("inner-key-statements", secret: true);

// Seals the keys of Paddle accounts; only the connector has it.
var vaultKey = builder.AddParameter("vault-key-connector", secret: true);

// The heads of the logs are signed with keys, and kept in files, that are not in the database.
var heads = Path.Combine(builder.AppHostDirectory, "heads");

var postgres = builder.AddPostgres("postgres", password: postgresPassword).WithDataVolume();
var rabbitmq = builder.AddRabbitMQ("rabbitmq", password: rabbitmqPassword).WithManagementPlugin();

// With it the console makes the users of subscribers.
var rabbitmqAdmin = ReferenceExpression.Create(
    $"http://guest:{rabbitmqPassword}@{rabbitmq.GetEndpoint("management").Property(EndpointProperty.HostAndPort)}");

// What stands in for Paddle's API. It listens on the port of its own default, 8090.
builder.AddProject("paddle", "../../tests/PaddleSandbox/Allocora.PaddleSandbox.csproj").WithArgs("--no-rate-limit");

// In Aspire a database and a service cannot have the same name; the connection strings keep theirs.
var connectorDb = postgres.AddDatabase("connector-db", databaseName: "connector");
var ledgerDb = postgres.AddDatabase("ledger-db", databaseName: "ledger");
var calculationDb = postgres.AddDatabase("calculation-db", databaseName: "calculation");
var statementsDb = postgres.AddDatabase("statements-db", databaseName: "statements");
var consoleDb = postgres.AddDatabase("console-db", databaseName: "console");

var connectorMigration = builder.AddProject("connector-migrate", "../../Services/Connector/Allocora.Connector.csproj").WithArgs("migrate")
    .WithReference(connectorDb, connectionName: "connector_owner").WaitFor(connectorDb);

var connector = builder.AddProject("connector", "../../Services/Connector/Allocora.Connector.csproj")
    .WithHttpEndpoint()
    .WithHttpHealthCheck("/healthz/ready")
    .WithEnvironment("Heads__KeyFile", Path.Combine(heads, "connector-key.pem"))
    .WithEnvironment("Heads__File", Path.Combine(heads, "connector.ndjson"))
    .WithEnvironment("Inner__Key", connectorKey)
    .WithEnvironment("Vault__Keys__k1", vaultKey)
    .WithEnvironment("Vault__Current", "k1")
    .WithEnvironment("Paddle__BaseUrls__sandbox", "http://127.0.0.1:8090")
    .WithReference(connectorDb, connectionName: "connector").WithReference(connectorDb, connectionName: "connector_worker")
    .WithReference(consoleDb, connectionName: "console_inner").WaitFor(consoleDb)
    .WaitForCompletion(connectorMigration)
    .WithReference(ledgerDb, connectionName: "ledger_tail").WaitFor(ledgerDb)
    .WithReference(rabbitmq).WaitFor(rabbitmq);

var ledgerMigration = builder.AddProject("ledger-migrate", "../../Services/Ledger/Allocora.Ledger.csproj").WithArgs("migrate")
    .WithReference(ledgerDb, connectionName: "ledger_owner").WaitFor(ledgerDb);

var ledger = builder.AddProject("ledger", "../../Services/Ledger/Allocora.Ledger.csproj")
    .WithHttpEndpoint()
    .WithHttpHealthCheck("/healthz/ready")
    .WithEnvironment("Heads__KeyFile", Path.Combine(heads, "ledger-key.pem"))
    .WithEnvironment("Heads__File", Path.Combine(heads, "ledger.ndjson"))
    .WithEnvironment("Inner__Key", ledgerKey)
    .WithReference(ledgerDb, connectionName: "ledger").WithReference(ledgerDb, connectionName: "ledger_worker")
    .WithReference(consoleDb, connectionName: "console_tail").WithReference(consoleDb, connectionName: "console_inner").WaitFor(consoleDb)
    .WaitForCompletion(ledgerMigration)
    .WithReference(rabbitmq).WaitFor(rabbitmq);

var calculationMigration = builder.AddProject("calculation-migrate", "../../Services/Calculation/Allocora.Calculation.csproj").WithArgs("migrate")
    .WithReference(calculationDb, connectionName: "calculation_owner").WaitFor(calculationDb);

var calculation = builder.AddProject("calculation", "../../Services/Calculation/Allocora.Calculation.csproj")
    .WithHttpEndpoint()
    .WithHttpHealthCheck("/healthz/ready")
    .WithEnvironment("Heads__KeyFile", Path.Combine(heads, "calculation-key.pem"))
    .WithEnvironment("Heads__File", Path.Combine(heads, "calculation.ndjson"))
    .WithEnvironment("Inner__Key", calculationKey)
    .WithReference(calculationDb, connectionName: "calculation").WithReference(calculationDb, connectionName: "calculation_worker")
    .WithReference(consoleDb, connectionName: "console_inner").WaitFor(consoleDb)
    .WaitForCompletion(calculationMigration)
    .WithReference(ledgerDb, connectionName: "ledger_tail").WaitFor(ledgerDb)
    .WithReference(rabbitmq).WaitFor(rabbitmq);

var statementsMigration = builder.AddProject("statements-migrate", "../../Services/Statements/Allocora.Statements.csproj").WithArgs("migrate")
    .WithReference(statementsDb, connectionName: "statements_owner").WaitFor(statementsDb);

var statements = builder.AddProject("statements", "../../Services/Statements/Allocora.Statements.csproj")
    .WithHttpEndpoint()
    .WithHttpHealthCheck("/healthz/ready")
    .WithEnvironment("Heads__KeyFile", Path.Combine(heads, "statements-key.pem"))
    .WithEnvironment("Heads__File", Path.Combine(heads, "statements.ndjson"))
    .WithEnvironment("Inner__Key", statementsKey)
    .WithReference(statementsDb, connectionName: "statements").WithReference(statementsDb, connectionName: "statements_worker")
    .WithReference(consoleDb, connectionName: "console_inner").WaitFor(consoleDb)
    .WaitForCompletion(statementsMigration)
    .WithReference(calculationDb, connectionName: "calculation_tail").WaitFor(calculationDb)
    .WithReference(ledgerDb, connectionName: "ledger_tail").WaitFor(ledgerDb)
    .WithReference(rabbitmq).WaitFor(rabbitmq);

var consoleMigration = builder.AddProject("console-migrate", "../../Services/Console/Allocora.Console.csproj").WithArgs("migrate")
    .WithReference(consoleDb, connectionName: "console_owner").WaitFor(consoleDb);

// The console does not wait for the services it calls: it is where one sees that they are not there.
// Their logs it reads for the audit trail.
builder.AddProject("console", "../../Services/Console/Allocora.Console.csproj")
    .WithHttpEndpoint()
    .WithHttpEndpoint(name: "internal", env: "Internal__Port")
    .WithEndpoint("http", endpoint => endpoint.IsExternal = true)
    .WithHttpHealthCheck("/healthz/ready", endpointName: "internal")
    .WithEnvironment("Heads__KeyFile", Path.Combine(heads, "console-key.pem"))
    .WithEnvironment("Heads__File", Path.Combine(heads, "console.ndjson"))
    .WithEnvironment("Session__Key", sessionKey)
    .WithEnvironment("Identity__Mode", "local")
    .WithEnvironment("Identity__LinkKey", linkKey)
    .WithEnvironment("Demo__File", Path.Combine(heads, "demo.json"))
    .WithEnvironment("Inner__Keys__connector", connectorKey)
    .WithEnvironment("Inner__Keys__ledger", ledgerKey)
    .WithEnvironment("Inner__Keys__calculation", calculationKey)
    .WithEnvironment("Inner__Keys__statements", statementsKey)
    .WithReference(consoleDb, connectionName: "console").WithReference(consoleDb, connectionName: "console_worker")
    .WithReference(rabbitmq).WithEnvironment("ConnectionStrings__rabbitmq_admin", rabbitmqAdmin)
    .WaitForCompletion(consoleMigration)
    .WithReference(connectorDb, connectionName: "connector_tail").WaitFor(connectorDb)
    .WithReference(ledgerDb, connectionName: "ledger_tail").WaitFor(ledgerDb)
    .WithReference(calculationDb, connectionName: "calculation_tail").WaitFor(calculationDb)
    .WithReference(statementsDb, connectionName: "statements_tail").WaitFor(statementsDb)
    .WithReference(connector)
    .WithReference(ledger)
    .WithReference(calculation)
    .WithReference(statements);

builder.Build().Run();
