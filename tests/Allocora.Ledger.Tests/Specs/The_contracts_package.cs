using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;
using Allocora.Testing;

namespace Allocora.Ledger.Tests.Specs;

public sealed class The_contracts_package
{
    [Fact]
    public async Task It_depends_on_nothing_and_says_what_it_is()
    {
        var folder = Directory.CreateTempSubdirectory("allocora-pack-");
        try
        {
            await Pack(folder.FullName);
            await using var package = await ZipFile.OpenReadAsync(Assert.Single(folder.GetFiles("Allocora.Contracts.*.nupkg")).FullName);
            using var nuspec = await package.Entries.Single(e => e.Name == "Allocora.Contracts.nuspec").OpenAsync();
            var metadata = XElement.Load(nuspec).Elements().Single();
            var names = package.Entries.Select(e => e.FullName).ToList();

            Assert.Equal("Allocora.Contracts", Said("id"));
            Assert.StartsWith("The messages Allocora sends about revenue", Said("description"), StringComparison.Ordinal);
            Assert.DoesNotContain(metadata.Descendants(), e => e.Name.LocalName == "dependency");
            Assert.Contains(Said("readme"), names);
            Assert.Contains("spec/asyncapi.json", names);
            Assert.Equal(["lib/net10.0/Allocora.Contracts.dll"], names.Where(n => n.EndsWith(".dll", StringComparison.Ordinal)));

            string Said(string element) => metadata.Elements().Single(e => e.Name.LocalName == element).Value;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task Pack(string folder)
    {
        var configuration = Path.GetFileName(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)))!;
        var start = new ProcessStartInfo("dotnet", ["pack", "Contracts", "-c", configuration, "--no-build", "--nologo", "-nodeReuse:false", "-o", folder])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
        };
        using var pack = Process.Start(start)!;
        var said = await pack.StandardOutput.ReadToEndAsync();
        await pack.WaitForExitAsync();
        Assert.True(pack.ExitCode == 0, said);
    }
}
