using System.Diagnostics;

namespace Allocora.Tidy;

public sealed class The_history_of_stored_forms : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("allocora-history-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void No_commit_changed_or_deleted_one() => Assert.Empty(StoredForms.ChangedInHistory(SourceTree.Root()));

    [Fact]
    public void A_commit_that_did_is_found_and_one_that_only_adds_is_not()
    {
        if (!Git("init", "-q")) return; // no git, no history
        Commit("Contracts/Events/corpus/sale/v1/edited.json", "1");
        Commit("Contracts/Events/corpus/sale/v1/deleted.json", "2");
        Commit("Contracts/Events/corpus/sale/v1/renamed.json", "3");
        Commit("Contracts/Events/corpus/sale/v1/kept.json", "4");
        Commit("Contracts/Events/corpus/manifest.sha256", "5");
        Assert.Empty(StoredForms.ChangedInHistory(root));

        Commit("Contracts/Events/corpus/sale/v1/edited.json", "1 ");
        Commit("Contracts/Events/corpus/manifest.sha256", "6");
        Git("rm", "-q", "Contracts/Events/corpus/sale/v1/deleted.json");
        Git("mv", "Contracts/Events/corpus/sale/v1/renamed.json", "Contracts/Events/corpus/sale/v1/other.json");
        Commit("Contracts/Events/corpus/sale/v2/new.json", "7");

        Assert.Equal(["deleted.json", "edited.json", "renamed.json"], StoredForms.ChangedInHistory(root).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Without_a_checkout_only_the_manifest_counts() => Assert.Empty(StoredForms.ChangedInHistory(root));

    private void Commit(string path, string text)
    {
        var file = Path.Combine(root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        Assert.True(Git("add", "-A") && Git("-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "commit.gpgsign=false", "commit", "-qm", path));
    }

    private bool Git(params string[] words)
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", ["-C", root, .. words]) { RedirectStandardError = true })!;
            git.StandardError.ReadToEnd();
            git.WaitForExit();
            return git.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
