using System.Text;

namespace Allocora.Connector.Tests.Webhooks;

public sealed class The_signature_of_a_webhook
{
    private const string Good = "a300428748dce5c70e4da19bffd60769591ea969c99dea3105d0ec9612cf43f9";
    private const string Body = """{"data": ["1", "2"]}""";
    private static readonly DateTimeOffset Then = DateTimeOffset.FromUnixTimeSeconds(1698796800);
    private static readonly string Bad = new('0', 64);

    [Theory]
    [InlineData(0)]
    [InlineData(300)]
    [InlineData(-300)]
    public void The_known_example_is_genuine_for_five_minutes_either_way(int seconds) =>
        Assert.True(Holds($"ts=1698796800;h1={Good}", Then.AddSeconds(seconds)));

    [Theory]
    [InlineData(301)]
    [InlineData(-301)]
    public void And_no_longer(int seconds) => Assert.False(Holds($"ts=1698796800;h1={Good}", Then.AddSeconds(seconds)));

    [Fact]
    public void One_of_several_signatures_is_enough_and_what_is_not_known_is_passed_over() =>
        Assert.All(
            new[]
            {
                $"ts=1698796800;h1={Bad};h1={Good}", $"ts=1698796800;h1={Good};h1={Bad}", $"h1={Good};ts=1698796800", $"ts=1698796800;h2=new;h1={Good};x",
                $"ts=1698796800; h1={Good}",
            },
            header => Assert.True(Holds(header, Then), header));

    [Fact]
    public void Nothing_else_is_genuine() =>
        Assert.All(
            new[]
            {
                null, "", ";", "ts=1698796800", $"h1={Good}", $"ts=;h1={Good}", $"ts=1698796801;h1={Good}", $"ts=+1698796800;h1={Good}",
                $"ts= 1698796800 ;h1={Bad}",
                $"ts=1698796800;h1={Bad}", $"ts=1698796800;h1={Good.ToUpperInvariant()}", $"ts=1698796800;h1={Good}0", $"ts=1698796800;h1={Good[..^2]}",
                $"ts=1698796800;ts=1698796800;h1={Good}", $"ts=1698796800;h2={Good}", $"ts=99999999999999999999;h1={Good}",
                $"ts=1698796800;{string.Join(';', Enumerable.Repeat($"h1={Bad}", 60))};h1={Good}",
            },
            header => Assert.False(Holds(header, Then), header));

    [Fact]
    public void It_is_over_the_very_bytes()
    {
        Assert.False(Holds($"ts=1698796800;h1={Good}", Then, """{"data":["1","2"]}"""));
        Assert.False(Holds($"ts=1698796800;h1={Good}", Then, ""));
    }

    [Fact]
    public void Any_of_the_secrets_counts_and_without_one_none()
    {
        Assert.True(Holds($"ts=1698796800;h1={Good}", Then, Body, "ANOTHER_SECRET", "VALID_SECRET"));
        Assert.False(Holds($"ts=1698796800;h1={Good}", Then, Body, "ANOTHER_SECRET", "valid_secret"));
        Assert.False(WebhookSignature.IsGenuine($"ts=1698796800;h1={Good}", Encoding.UTF8.GetBytes(Body), [], Then));
    }

    private static bool Holds(string? header, DateTimeOffset now, string body = Body, params string[] secrets) =>
        WebhookSignature.IsGenuine(header, Encoding.UTF8.GetBytes(body), [.. (secrets is [] ? ["VALID_SECRET"] : secrets).Select(Secret.Of)], now);
}
