namespace Allocora.EndToEnd.Tests;

public sealed class Talking_to_the_front_door
{
    private static readonly Dictionary<string, string> Plain = [];

    [Theory]
    [InlineData("There is no verb frobnicate. See ./allocora --help", "frobnicate")]
    [InlineData("up does not know --fast. See ./allocora up --help", "up", "--fast")]
    [InlineData("up does not know here. See ./allocora up --help", "up", "here")]
    [InlineData("There is no verb nonsense. See ./allocora --help", "help", "nonsense")]
    [InlineData("--port wants a number from 1 to 65535, not 08. See ./allocora up --help", "up", "--port", "08")]
    [InlineData("--port wants a number. See ./allocora up --help", "up", "--port")]
    [InlineData("--port wants a number from 1 to 65535, not 70000. See ./allocora up --help", "up", "--port", "70000")]
    [InlineData("--data wants a folder. See ./allocora down --help", "down", "--data")]
    [InlineData("status does not know --xml. See ./allocora status --help", "status", "--xml")]
    [InlineData("--from wants a value. See ./allocora replay --help", "replay", "--workspace", "ws_1", "--from")]
    [InlineData("replay does not know --fast. See ./allocora replay --help", "replay", "--fast")]
    [InlineData("--lines wants a number. See ./allocora logs --help", "logs", "--lines", "many")]
    [InlineData("test does not know everything. See ./allocora test --help", "test", "everything")]
    [InlineData("bench does not know --fast. See ./allocora bench --help", "bench", "--fast")]
    [InlineData("doctor does not know --cure. See ./allocora doctor --help", "doctor", "--cure")]
    public async Task What_it_does_not_understand_is_one_line_and_exit_2(string sentence, params string[] words)
    {
        var answer = await FrontDoor.Run(Plain, words);

        Assert.Equal((2, sentence + "\n", ""), (answer.ExitCode, answer.Error, answer.Output));
    }

    [Theory]
    [InlineData("Usage: ./allocora VERB", "--help")]
    [InlineData("Usage: ./allocora VERB")]
    [InlineData("Usage: ./allocora up", "up", "--help")]
    [InlineData("Usage: ./allocora down", "down", "--help")]
    [InlineData("Usage: ./allocora status", "status", "--help")]
    [InlineData("Usage: ./allocora replay", "replay", "--help")]
    [InlineData("Usage: ./allocora logs", "logs", "-h")]
    [InlineData("Usage: ./allocora test", "help", "test")]
    [InlineData("Usage: ./allocora bench", "bench", "--help")]
    [InlineData("Usage: ./allocora doctor", "doctor", "--help")]
    public async Task Every_verb_explains_itself(string beginning, params string[] words)
    {
        var answer = await FrontDoor.Run(Plain, words);

        Assert.Equal((0, ""), (answer.ExitCode, answer.Error));
        Assert.StartsWith(beginning, answer.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nothing_runs_it_says_so()
    {
        await using var door = new FrontDoor();

        Assert.Equal((1, "Allocora is not running here; start it with ./allocora up\n"), ExitAndError(await door.Run("status")));
        Assert.Equal((1, "Allocora is not running here; start it with ./allocora up\n"), ExitAndError(await door.Run("replay")));
        Assert.Equal((0, "Nothing is running here.\n"), ExitAndError(await door.Run("down")));
        Assert.Equal((1, $"There are no logs in {door.Data}; start Allocora with ./allocora up\n"), ExitAndError(await door.Run("logs")));
    }

    [Fact]
    public async Task The_doctor_finds_nothing_wrong_where_the_tests_run()
    {
        await using var door = new FrontDoor();

        var answer = await door.Run("doctor");

        Assert.True(answer.ExitCode == 0, answer.Output);
        Assert.All(answer.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Matches("^(ok|note) ", line));
    }

    private static (int, string) ExitAndError(Answer answer) => (answer.ExitCode, answer.Error);
}
