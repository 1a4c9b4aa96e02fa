using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Allocora.ServiceDefaults.Tests;

public sealed class Reading_settings
{
    [Fact]
    public void What_is_not_given_keeps_its_default()
    {
        var settings = Read();

        Assert.Equal((3, TimeSpan.FromMinutes(5)), (settings.Retries, settings.Interval));
    }

    [Fact]
    public void What_is_given_is_read_whatever_its_case()
    {
        var settings = Read("Crawler:retries=7", "Crawler:Interval=00:00:30", "Crawler:BaseUrls:sandbox=http://127.0.0.1:1/", "Crawler:Weights:b=2");

        Assert.Equal((7, TimeSpan.FromSeconds(30)), (settings.Retries, settings.Interval));
        Assert.Equal(new Uri("http://127.0.0.1:1/"), settings.BaseUrls["sandbox"]);
        Assert.Equal(2, settings.Weights["b"]);
    }

    [Theory]
    [InlineData("Crawler:Retries=many", "Crawler__Retries is not valid: The input string 'many' was not in a correct format.")]
    [InlineData("Crawler:Interval=soon", "Crawler__Interval is not valid: String 'soon' was not recognized as a valid TimeSpan.")]
    [InlineData("Crawler:Eager=perhaps", "Crawler__Eager is not valid: String 'perhaps' was not recognized as a valid Boolean.")]
    [InlineData("Crawler:Weights:b=heavy", "Crawler__Weights__b is not valid: The input string 'heavy' was not in a correct format.")]
    [InlineData("Crawler:BaseUrls:sandbox=http://", "Crawler__BaseUrls__sandbox is not valid: Invalid URI: The hostname could not be parsed.")]
    [InlineData("Crawler:Retries=11", "Crawler__Retries is not valid: The field Retries must be between 0 and 10.")]
    [InlineData("Crawler:Interval=00:00:00", "Crawler__Interval is not valid: The field Interval must be between 00:00:01 and 01:00:00.")]
    [InlineData("Crawler:Name=", "Crawler__Name is not valid: The Name field is required.")]
    [InlineData("Crawler:Retrys=3",
        "Crawler__Retrys is not a setting. There are: Crawler__Name, Crawler__Retries, Crawler__Interval, Crawler__Eager, "
        + "Crawler__BaseUrls, Crawler__Weights.")]
    public void A_failure_names_the_setting_as_the_environment_spells_it(string setting, string sentence)
    {
        var invalid = Assert.Throws<OptionsValidationException>(() => Read(setting));

        Assert.Equal([sentence], invalid.Failures);
    }

    [Fact]
    public void A_section_within_a_section_is_spelled_in_full()
    {
        var unreadable = Assert.Throws<OptionsValidationException>(() => ReadFrom("Paddle:Crawler", "Paddle:Crawler:Retries=many"));
        var outOfRange = Assert.Throws<OptionsValidationException>(() => ReadFrom("Paddle:Crawler", "Paddle:Crawler:Retries=11"));
        var unknown = Assert.Throws<OptionsValidationException>(() => ReadFrom("Paddle:Crawler", "Paddle:Crawler:Retrys=1"));

        Assert.StartsWith("Paddle__Crawler__Retries is not valid", unreadable.Failures.Single());
        Assert.StartsWith("Paddle__Crawler__Retries is not valid", outOfRange.Failures.Single());
        Assert.StartsWith("Paddle__Crawler__Retrys is not a setting", unknown.Failures.Single());
    }

    [Fact]
    public void All_settings_that_are_out_of_range_are_named_at_once()
    {
        var invalid = Assert.Throws<OptionsValidationException>(() => Read("Crawler:Retries=11", "Crawler:Interval=00:00:00"));

        Assert.Equal(2, invalid.Failures.Count());
    }

    [Fact]
    public void A_rule_between_two_settings_names_their_section()
    {
        var invalid = Assert.Throws<OptionsValidationException>(() => Read("Crawler:Eager=true", "Crawler:Retries=0"));

        Assert.Equal(["Crawler is not valid: An eager one needs retries."], invalid.Failures);
    }

    private static Crawler Read(params string[] settings) => ReadFrom("Crawler", settings);

    private static Crawler ReadFrom(string section, params string[] settings)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddCommandLine([.. settings.Select(s => $"--{s}")]).Build());
        services.AddValidated<Crawler>(section);
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IOptions<Crawler>>().Value;
    }

    private sealed class Crawler : IValidatableObject
    {
        [Required] public string Name { get; init; } = "crawler";
        [Range(0, 10)] public int Retries { get; init; } = 3;
        [Range(typeof(TimeSpan), "00:00:01", "01:00:00")] public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(5);
        public bool Eager { get; init; }
        public Dictionary<string, Uri> BaseUrls { get; init; } = [];
        public Dictionary<string, int> Weights { get; init; } = [];

        public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
            Eager && Retries == 0 ? [new("An eager one needs retries.")] : [];
    }
}
