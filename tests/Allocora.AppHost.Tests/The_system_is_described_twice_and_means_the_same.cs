using Allocora.Testing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Allocora.AppHost.Tests;

public sealed class The_system_is_described_twice_and_means_the_same
{
    private static readonly string[] Settings = ["Heads", "Inner", "Session", "Identity", "Demo", "Vault", "Paddle"];
    private static readonly string Aspire = File.ReadAllText(Path.Combine(Repository.Root, "AppHost/Aspire/apphost.cs"));
    private static readonly SortedSet<string> Local = FactsOf(AllocoraSystem.Describe());

    [Fact]
    public void Here_and_in_Aspire()
    {
        var aspire = ApphostFile.Facts(Aspire);
        var here = Local.Except(aspire).Select(fact => $"only in AllocoraSystem.cs: {fact}");
        var there = aspire.Except(Local).Select(fact => $"only in apphost.cs: {fact}");
        Assert.True(Local.SetEquals(aspire), string.Join('\n', [.. here, .. there]));
    }

    [Fact]
    public void Every_statement_and_every_call_of_the_Aspire_file_counts()
    {
        var whole = CSharpSyntaxTree.ParseText(Aspire).GetCompilationUnitRoot();
        var statements = whole.Members.Where(m => $"{m}".Contains(".Add", StringComparison.Ordinal)).ToList();
        // Volumes, and the plain sentences that start and end the file, are Aspire's own business.
        var calls = whole.DescendantNodes().OfType<InvocationExpressionSyntax>()
            .Where(c => c.Expression is MemberAccessExpressionSyntax { Name.Identifier.Text: ['W', ..] and not "WithDataVolume" }).ToList();

        Assert.True(statements.Count >= 14 && calls.Count >= 30, $"{statements.Count} statements and {calls.Count} calls are too few to be the system");
        foreach (var statement in statements) Differs(whole.RemoveNode(statement, SyntaxRemoveOptions.KeepNoTrivia)!, $"{statement}");
        foreach (var call in calls) Differs(whole.ReplaceNode(call, ((MemberAccessExpressionSyntax)call.Expression).Expression), $"{call.Expression}");
    }

    [Fact]
    public void A_commented_line_does_not_count()
    {
        foreach (var line in Aspire.Split('\n').Where(l => l.TrimStart().StartsWith(".WithReference", StringComparison.Ordinal) && !l.EndsWith(';')))
            Assert.NotEqual(Local, ApphostFile.Facts(Aspire.Replace(line, $"// {line}", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_part_of_our_own_description_counts()
    {
        var system = AllocoraSystem.Describe();
        foreach (var database in system.Databases) Assert.Contains(Local, fact => fact.StartsWith($"database {database.Name} ", StringComparison.Ordinal));
        foreach (var service in system.Services) Assert.Contains(Local, fact => fact.StartsWith($"service {service.Name} ", StringComparison.Ordinal));
        foreach (var fact in Local) Assert.NotEqual(Local.Except([fact]).ToHashSet(), ApphostFile.Facts(Aspire));
    }

    private static void Differs(CompilationUnitSyntax changed, string without)
    {
        IReadOnlySet<string> facts;
        try
        {
            facts = ApphostFile.Facts(changed.ToFullString());
        }
        catch (KeyNotFoundException)
        {
            return; // something later names what is gone
        }
        Assert.False(Local.SetEquals(facts), $"Nothing notices when this is gone: {without}");
    }

    private static SortedSet<string> FactsOf(Topology system)
    {
        var facts = new SortedSet<string>(StringComparer.Ordinal)
        {
            $"server {system.PostgresServer!.Name} is PostgreSQL with a secret as password",
            $"server {system.BrokerServer!.Name} is RabbitMQ with a secret as password",
            $"server {system.BrokerServer.Name} has its management API",
            $"service {system.PaddleServer!.Name} is tests/PaddleSandbox/Allocora.PaddleSandbox.csproj",
            $"{system.PaddleServer.Name} is told --no-rate-limit",
        };
        foreach (var database in system.Databases) facts.Add($"database {database.Name} on {database.On.Name}");
        foreach (var service in system.Services) facts.UnionWith(FactsOf(service));
        return facts;
    }

    private static IEnumerable<string> FactsOf(ServiceResource service)
    {
        yield return $"service {service.Name} is {service.Folder}/Allocora.{Path.GetFileName(service.Folder)}.csproj";
        yield return $"{service.Name} listens as http";
        yield return $"{service.Name} is healthy when {(service.IsPublic ? "internal" : "http")} answers /healthz/ready";
        yield return $"{service.Name} reads database {service.Owns.Name} as ConnectionStrings__{service.Owns.Name}";
        yield return $"{service.Name} reads database {service.Owns.Name} as ConnectionStrings__{service.Owns.WorkerRole}";
        foreach (var tail in service.Tails) yield return $"{service.Name} reads database {tail.Name} as ConnectionStrings__{tail.TailRole}";
        if (service.Broker is { } broker) yield return $"{service.Name} reads server {broker.Name} as ConnectionStrings__{broker.Name}";
        if (service.AccountsOn is { } accounts) yield return $"{service.Name} reads server {accounts.Name} as ConnectionStrings__{accounts.Name}";
        foreach (var tail in service.Tails) yield return $"{service.Name} waits for database {tail.Name}";
        if (service.Broker is { } waitedFor) yield return $"{service.Name} waits for server {waitedFor.Name}";
        yield return $"{service.Name} waits for the end of {service.Name}-migrate";
        yield return $"service {service.Name}-migrate is {service.Folder}/Allocora.{Path.GetFileName(service.Folder)}.csproj";
        yield return $"{service.Name}-migrate is told migrate";
        yield return $"{service.Name}-migrate reads database {service.Owns.Name} as ConnectionStrings__{service.Owns.OwnerRole}";
        yield return $"{service.Name}-migrate waits for database {service.Owns.Name}";
        foreach (var callee in service.Calls) yield return $"{service.Name} calls {callee.Name}";
        if (service.KeysIn is { } keys)
        {
            yield return $"{service.Name} reads database {keys.Name} as ConnectionStrings__{keys.KeysName}";
            yield return $"{service.Name} waits for database {keys.Name}";
        }
        var isSetting = (string key) => Settings.Contains(key.Split("__")[0]) || key.EndsWith("_admin", StringComparison.Ordinal);
        foreach (var (setting, value) in Told(service).Where(t => isSetting(t.Key)))
            yield return $"{service.Name} is told {setting}={value}";
        if (!service.IsPublic) yield break;
        yield return $"{service.Name} listens as internal Internal__Port";
        yield return $"{service.Name} is public as http";
    }

    private static Dictionary<string, string> Told(ServiceResource service)
    {
        var system = AllocoraSystem.Describe();
        var ports = system.Services.Select(s => s.Name).Append(Addresses.ConsoleDoor).ToDictionary(name => name, _ => 1);
        ports.Add(system.PaddleServer!.Name, 8090); // its own default, on which it listens there
        return new Addresses((_, role) => role, _ => "", Path.GetFileName, key => key, ports, new Dictionary<string, string>())
        {
            BrokerAdmin = "rabbitmqAdmin", // as the variable is called there
        }.EnvironmentOf(service);
    }
}
