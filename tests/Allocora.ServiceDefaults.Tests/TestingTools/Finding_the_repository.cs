using Allocora.Testing;

namespace Allocora.ServiceDefaults.Tests.TestingTools;

public sealed class Finding_the_repository
{
    [Fact]
    public void The_root_holds_the_solution_and_these_tests()
    {
        Assert.True(File.Exists(Path.Combine(Repository.Root, "Allocora.sln")));
        Assert.True(Directory.Exists(Path.Combine(Repository.Root, "tests", "Allocora.ServiceDefaults.Tests", "TestingTools")));
    }

    [Fact]
    public void A_folder_outside_of_it_is_named_in_the_failure()
    {
        var outside = Assert.Throws<DirectoryNotFoundException>(() => Repository.Above(Path.GetTempPath()));

        Assert.Contains(Path.GetTempPath(), outside.Message);
    }
}
