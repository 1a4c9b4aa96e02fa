using System.Text;
using Allocora.Testing;

namespace Allocora.ServiceDefaults.Tests.TestingTools;

[CollectionDefinition(nameof(OneProcess), DisableParallelization = true)]
public sealed class OneProcess;

/// <summary>Alone, because the variable that asks for rewriting is the whole process's.</summary>
[Collection(nameof(OneProcess))]
public sealed class Comparing_with_a_golden_file : IDisposable
{
    private const string Checked = "golden/greeting.txt";
    private readonly string scratch = Directory.CreateTempSubdirectory("golden-").FullName;

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(Golden.UpdateVariable, null);
        Directory.Delete(scratch, recursive: true);
    }

    [Fact]
    public void The_same_text_passes() => Golden.Matches("first line\nsecond line\n", Checked);

    [Fact]
    public void The_same_bytes_pass() => Golden.Matches("first line\nsecond line\n"u8, Checked);

    [Fact]
    public void The_first_line_that_differs_is_shown_with_its_number()
    {
        var failure = Assert.Throws<GoldenException>(() => Golden.Matches("first line\nsecond lime\n", Checked));

        Assert.Contains("greeting.txt differs at line 2:\n  expected: \"second line\"\n  actual:   \"second lime\"", failure.Message);
    }

    [Fact]
    public void A_carriage_return_is_a_difference_that_can_be_seen()
    {
        var failure = Assert.Throws<GoldenException>(() => Golden.Matches("first line\r\nsecond line\n", Checked));

        Assert.Contains("differs at line 1:\n  expected: \"first line\"\n  actual:   \"first line\\r\"", failure.Message);
    }

    [Fact]
    public void A_text_that_ends_too_early_differs_where_it_ends()
    {
        var failure = Assert.Throws<GoldenException>(() => Golden.Matches("first line", Checked));

        Assert.Contains("differs at line 2:\n  expected: \"second line\"\n  actual:   (the end)", failure.Message);
    }

    [Fact]
    public void The_first_byte_that_differs_is_shown_with_its_position()
    {
        var failure = Assert.Throws<GoldenException>(() => Golden.Matches("first lime"u8, Checked));

        Assert.Contains("differs at byte 8 (lengths 23 and 10):", failure.Message);
    }

    [Fact]
    public void A_missing_file_fails_and_says_how_to_write_it()
    {
        var failure = Assert.Throws<GoldenException>(() => Golden.Matches("text", "golden/absent.txt"));

        Assert.Contains("absent.txt is missing. Run once with ALLOCORA_UPDATE_GOLDEN=1", failure.Message);
    }

    [Theory]
    [InlineData("new\n")]
    [InlineData("old\n")]
    public void Rewriting_writes_the_file_and_still_fails(string actual)
    {
        var (caller, file) = (Path.Combine(scratch, "Test.cs"), Path.Combine(scratch, "folder", "form.txt"));
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, "old\n");

        Environment.SetEnvironmentVariable(Golden.UpdateVariable, "1");
        var failure = Assert.Throws<GoldenException>(() => Golden.Matches(actual, "folder/form.txt", caller));
        Environment.SetEnvironmentVariable(Golden.UpdateVariable, null);

        Assert.Contains("was written", failure.Message);
        Assert.Equal(Encoding.UTF8.GetBytes(actual), File.ReadAllBytes(file));
        Golden.Matches(actual, "folder/form.txt", caller);
    }
}
