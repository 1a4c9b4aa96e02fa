using Allocora.EventStore;
using Allocora.Testing;

namespace Allocora.Foundation.Tests.Log;

public sealed class The_canonical_form : IAsyncLifetime
{
    private LogDatabase log = null!;

    public async Task InitializeAsync() => log = await LogDatabase.Create();

    public async Task DisposeAsync() => await log.DisposeAsync();

    [Theory]
    [InlineData("""{"b":1,"a":[true,null,"x"]}""", """{"a":[true,null,"x"],"b":1e0}""")]
    [InlineData("""{ "a" : { } , "b" : [ ] }""", """{"a":{},"b":[]}""")]
    [InlineData("[1, 1.0, 10e-1, 0.1E1, 100, 1e2]", "[1e0,1e0,1e0,1e0,1e2,1e2]")]
    [InlineData("[0, -0, 0.00, 0e5, -0.0e-7]", "[0,0,0,0,0]")]
    [InlineData("[-12.50, 0.00001, 123456789012345678901234567890]", "[-125e-1,1e-5,12345678901234567890123456789e1]")]
    [InlineData("""{"a":1,"a":2}""", """{"a":2e0}""")]
    [InlineData("\"\\u00fc \\u0001 \\\" \\\\ \\/ \\n\"", "\"ü \\u0001 \\\" \\\\ / \\u000a\"")]
    public void Has_one_spelling_for_what_means_the_same(string written, string form) => Assert.Equal(form, CanonicalJson.Form(written));

    [Fact]
    public void Tells_apart_what_does_not()
    {
        string[] different =
        [
            """{"a":"1"}""", """{"a":1}""", """{"a":10}""", """{"a":-1}""", """{"a":[1]}""", """{"b":1}""", """{"a":null}""",
            "{}", "[]", "\"\"", "null",
        ];

        Assert.Equal(different.Length, different.Select(CanonicalJson.Form).Distinct().Count());
    }

    [Fact]
    public async Task Is_the_same_for_what_PostgreSQL_gives_back()
    {
        var random = new Random(20261121);
        for (var round = 0; round < 40; round++)
        {
            var written = $"[{string.Join(',', Enumerable.Range(0, 100).Select(_ => Any(random, 3)))}]";
            await using var command = log.Owner.CreateCommand("select $1::jsonb::text");
            command.Parameters.Add(new() { Value = written });
            var stored = (string)(await command.ExecuteScalarAsync())!;

            Assert.Equal(CanonicalJson.Form(written), CanonicalJson.Form(stored));
        }
    }

    private static string Any(Random random, int depth) => random.Next(depth == 0 ? 4 : 6) switch
    {
        0 => $"{(random.Next(2) == 0 ? "-" : "")}{random.Next(1000)}.{random.Next(100_000):00000}e{random.Next(-20, 20)}",
        1 => $"{random.NextInt64()}",
        2 => $"\"{string.Concat(Enumerable.Range(0, random.Next(8)).Select(_ => $"\\u{random.Next(1, 0xd7ff):x4}"))}\"",
        3 => random.Next(3) switch { 0 => "true", 1 => "false", _ => "null" },
        4 => $"[{string.Join(" , ", Enumerable.Range(0, random.Next(4)).Select(_ => Any(random, depth - 1)))}]",
        _ => $"{{{string.Join(',', Enumerable.Range(0, random.Next(4)).Select(i => $"\"{(char)random.Next('A', 'F')}{i % 2}\": {Any(random, depth - 1)}"))}}}",
    };
}
