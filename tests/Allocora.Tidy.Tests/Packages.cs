using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Allocora.Tidy;

/// <summary>One version of each package, each of them used, and none that hides what the code does.</summary>
internal static class Packages
{
    private static readonly string[] Indirect =
    [
        "Microsoft.CodeAnalysis.Analyzers", // Microsoft.CodeAnalysis.CSharp brings it in an older version
    ];

    private static readonly string[] Unwanted =
    [
        "MediatR", "IMediator", "AutoMapper", "IMapper", "IRepository", "IUnitOfWork", "Moq", "NSubstitute", "FakeItEasy",
    ];

    public static Rule[] Rules =>
    [
        new("Versions stand in Directory.Packages.props", Places.Everywhere, Versions, """
            === Services/Ledger/Allocora.Ledger.csproj
            <Project>
            »  <PackageReference Include="Npgsql" Version="10.0.0" />
            »  <PackageReference Include="Npgsql" VersionOverride="10.0.0" />
            »  <PackageReference Include="Npgsql"><Version>10.0.0</Version></PackageReference>
              <PackageReference Include="Npgsql" />
            </Project>
            === Directory.Packages.props
            <Project>
              <PackageVersion Include="Npgsql" Version="10.0.0" />
            </Project>
            """),
        new("Every package version is used", Unused, """
            === Directory.Packages.props
            <Project>
              <PackageVersion Include="Npgsql" Version="10.0.0" />
            »  <PackageVersion Include="Dapper" Version="2.0.0" />
              <PackageVersion Include="Microsoft.CodeAnalysis.Analyzers" Version="5.12.0" />
            </Project>
            === Services/Ledger/Allocora.Ledger.csproj
            <Project>
              <PackageReference Include="Npgsql" />
            </Project>
            """),
        new("Nothing stands between a caller and what it calls", Places.Everywhere, Indirection, """
            === Directory.Packages.props
            <Project>
            »  <PackageVersion Include="MediatR" Version="12.0.0" />
              <PackageVersion Include="Npgsql" Version="10.0.0" />
            </Project>
            === tests/Allocora.Ledger.Tests/Facts.cs
            »using Moq;
            »class Books(IRepository<Fact> facts, Mapper mapper);
            // The IRepository that is not there.
            """),
    ];

    private static IEnumerable<Finding> Versions(SourceFile file) =>
        from reference in file.Items("PackageReference")
        let names = reference.Attributes().Select(a => a.Name).Concat(reference.Elements().Select(e => e.Name))
        where names.Any(n => n.LocalName is "Version" or "VersionOverride")
        select file.At(reference, "a version is chosen here", "choose it in Directory.Packages.props, once for all");

    private static IEnumerable<Finding> Unused(SourceTree tree)
    {
        var used = tree.Files.SelectMany(f => f.Items("PackageReference")).Select(r => r.Attribute("Include")?.Value).ToHashSet();
        return from file in tree.Files
               from version in file.Items("PackageVersion")
               let package = version.Attribute("Include")?.Value
               where !used.Contains(package) && !Indirect.Contains(package)
               select file.At(version, $"no project references {package}", "delete the line");
    }

    private static IEnumerable<Finding> Indirection(SourceFile file)
    {
        const string remedy = "call the thing itself; in a test, write a small class that behaves";
        var packages = from item in file.Items("PackageReference").Concat(file.Items("PackageVersion"))
                       let package = item.Attribute("Include")?.Value
                       where Unwanted.Contains(package?.Split('.')[0])
                       select file.At(item, $"{package} is not used here", remedy);
        var names = from token in file.Syntax.DescendantTokens()
                    where token.IsKind(SyntaxKind.IdentifierToken) && Unwanted.Contains(token.ValueText)
                    select file.At(token, $"{token.ValueText} is not used here", remedy);
        return packages.Concat(names);
    }
}
