using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Allocora.Testing;
using Xunit.Abstractions;

namespace Allocora.PaddleSandbox;

/// <summary>The schemas of Paddle's OpenAPI file, over its own examples and over what the sandbox answers.</summary>
public sealed class Answers_fit_Paddles_schemas(ITestOutputHelper output)
{
    [Fact]
    public async Task Paddles_own_examples_do()
    {
        var examples = await File.ReadAllLinesAsync(Path.Combine(Repository.Root, "tests", "PaddleSdk", "examples.ndjson"));

        var result = await Validate(examples);

        Assert.Equal(52, (int)result["bodies"]!);
        Assert.Empty(result["wrong"]!.AsArray().Select(one => (string)one!));
    }

    [Theory]
    [InlineData("""{"schema":"GET /products","from":"a wrong status","body":{"data":[{"id":"pro_01gsz4vmqbjk3x4vvtafffd540","status":"gone"}],"meta":{}}}""")]
    [InlineData("""{"schema":"GET /adjustments","from":"a number for money","body":{"data":[{"totals":{"total":100}}],"meta":{}}}""")]
    [InlineData("""{"schema":"GET /transactions","from":"no meta","body":{"data":[]}}""")]
    public async Task What_is_wrong_does_not(string line) => Assert.NotEmpty((await Validate([line]))["wrong"]!.AsArray());

    [Fact]
    public async Task The_sandboxs_answers_do_and_fill_what_is_documented()
    {
        await using var sandbox = await Running.With("--transactions", $"{TestSize.Of(6000, atLeast: 3000)}");
        var lines = new List<string>();

        await foreach (var (schema, body) in new EveryAnswer(sandbox).All())
            lines.Add(JsonSerializer.Serialize(new { schema, from = "the sandbox", body }));
        var result = await Validate(lines);

        Assert.Empty(result["wrong"]!.AsArray().Select(one => (string)one!).Take(20));
        Assert.Equal(EveryAnswer.Schemas.Order(), result["schemas"]!.AsArray().Select(one => (string)one!).Order());
        var unfilled = result["unfilled"]!.AsObject().SelectMany(one => one.Value!.AsArray().Select(field => $"{one.Key} {field}")).Order().ToList();
        foreach (var field in unfilled) output.WriteLine($"documented, and never filled: {field}");
        Assert.DoesNotContain(unfilled, field => !EveryAnswer.NeverFilled.Any(known => Regex.IsMatch(field, known.Pattern)));
        Assert.All(EveryAnswer.NeverFilled, known => Assert.Contains(unfilled, field => Regex.IsMatch(field, known.Pattern)));
    }

    private static async Task<JsonObject> Validate(IEnumerable<string> lines)
    {
        var (code, said, complained) = await NodeProgram.Run("validate.mjs", lines);
        Assert.True(code == 0, complained);
        return JsonNode.Parse(said)!.AsObject();
    }
}
