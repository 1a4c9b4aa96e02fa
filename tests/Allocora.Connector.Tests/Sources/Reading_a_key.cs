namespace Allocora.Connector.Tests.Sources;

public sealed class Reading_a_key
{
    private const string Id = "01gtgztp8f4kek3yd4g1wrksa3", Rest = "q6TGTJyvoIz7LDtXT65bX7_AQO";

    [Theory]
    [InlineData("live", "live")]
    [InlineData("sdbx", "sandbox")]
    public void Says_its_environment_and_its_id_and_shows_ten_letters(string written, string environment)
    {
        var key = PaddleKey.Read($"pdl_{written}_apikey_{Id}_{Rest}", out _)!;

        Assert.Equal(new(environment, $"apikey_{Id}", $"pdl_{written}_apikey_01gtgztp8f****"), key);
    }

    [Fact]
    public void A_legacy_key_says_nothing_and_shows_nothing()
    {
        var key = PaddleKey.Read(new string('a', 25) + new string('Z', 25), out _)!;

        Assert.Equal(new(null, null, "legacy****"), key);
        Assert.True(key.IsLegacy);
    }

    [Theory]
    [InlineData("", "Create an API key")]
    [InlineData($"pdl_test_apikey_{Id}_{Rest}", "Keys that begin with pdl_test_")]
    [InlineData($"pdl_ntfset_{Id}_Ab12Ab12Ab12Ab12Ab12Ab12Ab12Ab12", "This is the secret of a webhook destination.")]
    [InlineData($"pdl_sdbx_apikey_{Id}_q6TGTJyvoIz7LDtXT65bX7_AQ", "This is not a whole key: one has 69 characters, this has 68.")]
    [InlineData($"pdl_SDBX_apikey_{Id}_{Rest}", "This is not a whole key")]
    [InlineData($"pdl_sdbx_apikey_{Id}_{Rest}\n", "This is not a whole key")]
    [InlineData("test_7d279f61a3499fed520f7cd8c08", "This is a client-side token.")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "This is not a Paddle API key.")]
    public void Anything_else_is_refused_with_what_it_is(string text, string why)
    {
        Assert.Null(PaddleKey.Read(text, out var fault));
        Assert.StartsWith(why, fault, StringComparison.Ordinal);
    }
}
