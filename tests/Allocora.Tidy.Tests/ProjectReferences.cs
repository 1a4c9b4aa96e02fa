using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Allocora.Tidy;

/// <summary>Who may reference whom. What is not in the table is not allowed; adding a line to it is a decision.</summary>
internal static partial class ProjectReferences
{
    private sealed record Allowed(string[] Projects, string[] Packages)
    {
        /// <summary>Built before this project, never called by it.</summary>
        public string[] BuiltFirst { get; init; } = [];
    }

    private const string
        Contracts = "Contracts", ServiceDefaults = "ServiceDefaults",
        EventStore = "Services/Foundation/EventStore", Messaging = "Services/Foundation/Messaging",
        Connector = "Services/Connector", Ledger = "Services/Ledger", Calculation = "Services/Calculation",
        Engine = "Services/Calculation/Engine", Statements = "Services/Statements", Console = "Services/Console",
        Local = "AppHost/Local", Cli = "AppHost/Cli", Testing = "tests/Testing", Probe = "tests/Probe", Bench = "tests/Allocora.Bench",
        PaddleSandbox = "tests/PaddleSandbox", Subscriber = "Contracts/samples/Subscriber", FaultyConnector = "tests/FaultyConnector";

    // It needs packages that not every feed has, so the solution must build without it.
    private const string OutsideTheSolution = "tests/Interop/";

    private static readonly Dictionary<string, Allowed> Table = new()
    {
        [Contracts] = new([], []),
        [ServiceDefaults] = new([], ["OpenTelemetry", "OpenTelemetry.Exporter.OpenTelemetryProtocol", "Polly.Core"]),
        [EventStore] = new([Contracts], ["Npgsql"]),
        [Messaging] = new([Contracts, EventStore], ["RabbitMQ.Client", "Polly.Core"]),
        [Connector] = new([Contracts, ServiceDefaults, EventStore, Messaging], []),
        [Ledger] = new([Contracts, ServiceDefaults, EventStore, Messaging], ["NodaTime"]),
        [Calculation] = new([Contracts, ServiceDefaults, EventStore, Messaging, Engine], []),
        [Engine] = new([Contracts], []),
        [Statements] = new([Contracts, ServiceDefaults, EventStore, Messaging], []),
        [Console] = new([Contracts, ServiceDefaults, EventStore], []),
        [Local] = new([], ["Npgsql", "RabbitMQ.Client"]) { BuiltFirst = [Connector, Ledger, Calculation, Statements, Console, PaddleSandbox] },
        [Cli] = new([Contracts, EventStore, Engine], []),
        [Testing] = new([Local, Contracts, EventStore, Messaging], ["Npgsql", "RabbitMQ.Client"]),
        [Probe] = new([EventStore, Messaging], []),
        [PaddleSandbox] = new([], []), // it stands for somebody else's system, so it knows nothing of ours
        [Subscriber] = new([], ["RabbitMQ.Client"]), // as a stranger would write it, so it knows nothing of ours
        // The Connector's own sources, compiled once more.
        [FaultyConnector] = new([Contracts, ServiceDefaults, EventStore], ["RabbitMQ.Client", "Polly.Core"]),
        [Bench] = new([Contracts, EventStore, Messaging, Testing, Connector], ["Npgsql", "RabbitMQ.Client"]) { BuiltFirst = [PaddleSandbox] },
    };

    public static Rule[] Rules =>
    [
        new("A project references what the table allows", Projects, References, """
            === Contracts/Allocora.Contracts.csproj
            <Project>
            »  <ProjectReference Include="../ServiceDefaults/Allocora.ServiceDefaults.csproj" />
            »  <PackageReference Include="NodaTime" />
            </Project>
            === Services/Ledger/Allocora.Ledger.csproj
            <Project>
              <ProjectReference Include="..\..\Contracts\Allocora.Contracts.csproj" />
            »  <ProjectReference Include="../Connector/Allocora.Connector.csproj" />
            </Project>
            === AppHost/Local/Allocora.AppHost.csproj
            <Project>
              <ProjectReference Include="../../Services/Ledger/Allocora.Ledger.csproj" ReferenceOutputAssembly="false" />
            »  <ProjectReference Include="../../Services/Console/Allocora.Console.csproj" />
            </Project>
            === tests/Allocora.Ledger.Tests/Allocora.Ledger.Tests.csproj
            <Project>
              <ProjectReference Include="../../Services/Ledger/Allocora.Ledger.csproj" />
              <PackageReference Include="FsCheck" />
            »  <ProjectReference Include="../Allocora.Tidy.Tests/Allocora.Tidy.Tests.csproj" />
            </Project>
            === »Services/Billing/Allocora.Billing.csproj
            <Project />
            """),
        new("References stand in the project that has them", Places.Everywhere, Inherited, """
            === Directory.Build.props
            <Project>
            »  <PackageReference Include="Npgsql" />
            »  <GlobalPackageReference Include="Npgsql" />
            </Project>
            === tests/Directory.Build.props
            <Project>
              <PackageReference Include="xunit" />
            </Project>
            """),
        new("The solution and the tree hold the same projects", Solution, """
            === Allocora.sln
            Project("{FAE0}") = "Allocora.Ledger", "Services\Ledger\Allocora.Ledger.csproj", "{C}"
            »Project("{FAE0}") = "Allocora.Gone", "Services\Gone\Allocora.Gone.csproj", "{D}"
            Project("{2150}") = "Services", "Services", "{E}"
            === Services/Ledger/Allocora.Ledger.csproj
            <Project />
            === »Services/Lost/Allocora.Lost.csproj
            <Project />
            === tests/Interop/Interop.csproj
            <Project />
            """),
        new("Every project has its lock file", Unlocked, """
            === Services/Ledger/Allocora.Ledger.csproj
            <Project />
            === Services/Ledger/packages.lock.json
            {}
            === »Services/Console/Allocora.Console.csproj
            <Project />
            === tests/Interop/Interop.csproj
            <Project />
            """),
    ];

    private static bool Projects(string path) => path.EndsWith(".csproj", StringComparison.Ordinal);

    private static IEnumerable<Finding> References(SourceFile project)
    {
        if (IsTest(project.Folder))
        {
            return from reference in project.Items("ProjectReference")
                   where Target(project, reference).EndsWith(".Tests", StringComparison.Ordinal)
                   select project.At(reference, "a test project references another", "put what both need into tests/Testing");
        }
        return Table.TryGetValue(project.Folder, out var allowed)
            ? ProjectsBeyond(allowed, project).Concat(PackagesBeyond(allowed, project))
            : [project.At(1, "the project is not in the reference table", "decide what it may reference and add it to ProjectReferences.cs")];
    }

    private static IEnumerable<Finding> ProjectsBeyond(Allowed allowed, SourceFile project) =>
        from reference in project.Items("ProjectReference")
        let target = Target(project, reference)
        let onlyBuilt = reference.Attribute("ReferenceOutputAssembly")?.Value == "false"
        where !allowed.Projects.Contains(target) && !(onlyBuilt && allowed.BuiltFirst.Contains(target))
        select allowed.BuiltFirst.Contains(target)
            ? project.At(reference, $"{project.Folder} may start {target}, not call it", "add ReferenceOutputAssembly=\"false\"")
            : project.At(reference, $"{project.Folder} may not reference {target}", "let the two meet in Contracts");

    private static IEnumerable<Finding> PackagesBeyond(Allowed allowed, SourceFile project) =>
        from reference in project.Items("PackageReference")
        let package = reference.Attribute("Include")?.Value
        where !allowed.Packages.Contains(package)
        select project.At(reference, $"{project.Folder} may not use the package {package}", "use what the libraries below it offer");

    private static IEnumerable<Finding> Inherited(SourceFile file) =>
        from reference in file.Items("PackageReference").Concat(file.Items("ProjectReference")).Concat(file.Items("GlobalPackageReference"))
        where !Projects(file.Path) && !Places.Tests(file.Path)
        select file.At(reference, "every project below this file gets the reference unasked", "move it to the projects that need it");

    private static IEnumerable<Finding> Solution(SourceTree tree)
    {
        var solution = tree.Files.Single(f => f.Path == "Allocora.sln");
        var listed = from line in solution.Lines.Index()
                     let entry = Entry().Match(line.Item)
                     where entry.Success
                     select (Line: line.Index + 1, Path: entry.Groups["path"].Value.Replace('\\', '/'));
        var gone = from entry in listed
                   where !tree.Has(entry.Path)
                   select solution.At(entry.Line, $"{entry.Path} does not exist", "take it out with dotnet sln remove");
        var lost = from file in Inside(tree)
                   where !listed.Any(e => e.Path == file.Path)
                   select file.At(1, "the project is not in Allocora.sln, so nobody builds it", "put it in with dotnet sln add");
        return gone.Concat(lost);
    }

    private static IEnumerable<Finding> Unlocked(SourceTree tree) =>
        from file in Inside(tree)
        where !tree.Has($"{file.Folder}/packages.lock.json")
        select file.At(1, "there is no packages.lock.json beside it", "commit the one that dotnet restore writes");

    private static IEnumerable<SourceFile> Inside(SourceTree tree) =>
        tree.Files.Where(f => Projects(f.Path) && !f.Path.StartsWith(OutsideTheSolution, StringComparison.Ordinal));

    private static bool IsTest(string folder) => Places.Tests(folder) && !Table.ContainsKey(folder);

    private static string Target(SourceFile project, XElement reference)
    {
        var path = $"/{project.Folder}/{reference.Attribute("Include")?.Value.Replace('\\', '/')}";
        return Path.GetRelativePath("/", Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    [GeneratedRegex(@"^Project\(.*, ""(?<path>[^""]+\.csproj)""")]
    private static partial Regex Entry();
}
