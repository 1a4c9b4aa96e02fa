using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Allocora.Connector.Tests;

public sealed class Saying_where_Paddle_is
{
    [Fact]
    public void Unless_told_otherwise_it_is_Paddle_itself()
    {
        var options = Options("Production");

        Assert.Equal(("https://api.paddle.com/", "https://sandbox-api.paddle.com/"), ($"{options.AddressOf("live")}", $"{options.AddressOf("sandbox")}"));
        Assert.Equal((236, 20), (options.CallsPerMinute, options.Burst));
        Assert.False(options.IsConfigured("api.paddle.com", 443));
    }

    [Fact]
    public void In_development_it_may_be_somebody_who_plays_it()
    {
        var options = Options("Development", ("BaseUrls:SANDBOX", "http://127.0.0.1:8090"), ("CallsPerMinute", "0"));

        Assert.Equal(("http://127.0.0.1:8090/", "https://api.paddle.com/"), ($"{options.AddressOf("sandbox")}", $"{options.AddressOf("live")}"));
        Assert.True(options.IsConfigured("127.0.0.1", 8090));
        Assert.False(options.IsConfigured("127.0.0.1", 8091));
        Assert.False(options.IsConfigured("localhost", 8090));
    }

    [Theory]
    [InlineData("Production", "BaseUrls:sandbox", "http://127.0.0.1:8090", "Paddle__BaseUrls__sandbox is not for Production")]
    [InlineData("Production", "CallsPerMinute", "0", "Paddle__CallsPerMinute is 0, and in Production there has to be a limit")]
    [InlineData("Development", "BaseUrls:sandbox", "127.0.0.1:8090", "Paddle__BaseUrls__sandbox is not valid")]
    [InlineData("Development", "BaseUrls:live", "ftp://127.0.0.1", "Paddle__BaseUrls__live is not valid")]
    [InlineData("Development", "BaseUrls:live", "http://127.0.0.1/v1", "Paddle__BaseUrls__live is not valid")]
    [InlineData("Development", "BaseUrls:live", "http://a@127.0.0.1/", "Paddle__BaseUrls__live is not valid")]
    [InlineData("Development", "BaseUrls:test", "http://127.0.0.1", "Paddle__BaseUrls__test is not valid: The environments are live and sandbox.")]
    [InlineData("Development", "CallsPerMinute", "-1", "Paddle__CallsPerMinute is not valid")]
    [InlineData("Development", "Egress", "here & there", "Paddle__Egress is not valid")]
    public void What_makes_no_sense_is_refused_by_its_name(string environment, string setting, string value, string sentence)
    {
        var refused = Assert.Throws<OptionsValidationException>(() => Options(environment, (setting, value)));

        Assert.StartsWith(sentence, Assert.Single(refused.Failures), StringComparison.Ordinal);
    }

    private static PaddleOptions Options(string environment, params (string Name, string Value)[] settings)
    {
        var builder = WebApplication.CreateEmptyBuilder(new() { EnvironmentName = environment });
        builder.Configuration.AddInMemoryCollection(settings.Select(one => KeyValuePair.Create($"Paddle:{one.Name}", (string?)one.Value)));
        builder.AddPaddle();
        using var provider = builder.Services.BuildServiceProvider();
        return provider.GetRequiredService<IOptions<PaddleOptions>>().Value;
    }
}
