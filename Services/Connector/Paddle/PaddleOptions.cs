using System.ComponentModel.DataAnnotations;
using Allocora.ServiceDefaults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Allocora.Connector;

/// <summary>Where Paddle is and how much of it may be used.</summary>
internal sealed class PaddleOptions : IValidatableObject
{
    private static readonly Dictionary<string, Uri> Fixed = new(StringComparer.OrdinalIgnoreCase)
    {
        ["live"] = new("https://api.paddle.com"),
        ["sandbox"] = new("https://sandbox-api.paddle.com"),
    };

    /// <summary>Instead of Paddle's own addresses, by environment. Not in Production.</summary>
    public Dictionary<string, string> BaseUrls { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Paddle allows 240 from one address. 0 is no limit.</summary>
    [Range(0, 1_000_000)] public int CallsPerMinute { get; init; } = 236;

    [Range(1, 10_000)] public int Burst { get; init; } = 20;

    /// <summary>Names the address calls come from; all who come from the same one share its calls.</summary>
    [RegularExpression("^[a-z0-9.-]{1,64}$", ErrorMessage = "It is up to 64 small letters, digits, dots and hyphens.")]
    public string Egress { get; init; } = "default";

    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")] public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>In bytes, after decompression.</summary>
    [Range(1_024, 1 << 28)] public int AnswerMax { get; init; } = 16 << 20;

    [Range(1, 256)] public int CallsAtOnce { get; init; } = 8;

    /// <summary>The address of an environment's API, without a path.</summary>
    public Uri AddressOf(string environment) => BaseUrls.TryGetValue(environment, out var other) ? new Uri(other) : Fixed[environment];

    /// <summary>Whether configuration names exactly this server, so that it may be in a private network.</summary>
    public bool IsConfigured(string host, int port) =>
        BaseUrls.Values.Select(url => new Uri(url)).Any(url => url.Port == port && string.Equals(url.IdnHost, host, StringComparison.OrdinalIgnoreCase));

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (environment, url) in BaseUrls)
        {
            var name = new[] { $"{nameof(BaseUrls)}:{environment}" };
            if (!Fixed.ContainsKey(environment)) yield return new("The environments are live and sandbox.", name);
            else if (!IsOrigin(url)) yield return new("It has to be an http or https address without a path, such as http://127.0.0.1:8090.", name);
        }
    }

    private static bool IsOrigin(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address) && address is { Scheme: "http" or "https", PathAndQuery: "/", UserInfo: "", Fragment: "" };
}

internal static class PaddleRegistration
{
    public static void AddPaddle(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidated<PaddleOptions>("Paddle");
        if (builder.Environment.IsProduction()) builder.Services.AddSingleton<IValidateOptions<PaddleOptions>, OfProduction>();
        builder.Services.AddSingleton(provider => new CallBudget(
            provider.GetRequiredKeyedService<NpgsqlDataSource>("connector_worker"), provider.GetRequiredService<IOptions<PaddleOptions>>()));
        builder.Services.AddSingleton<CallGate>();
        builder.Services.AddSingleton<PaddleClient>();
    }

    private sealed class OfProduction : IValidateOptions<PaddleOptions>
    {
        public ValidateOptionsResult Validate(string? name, PaddleOptions options)
        {
            var failures = options.BaseUrls.Keys
                .Select(environment => $"Paddle__BaseUrls__{environment} is not for Production, where only Paddle itself is called; take it away.").ToList();
            if (options.CallsPerMinute == 0) failures.Add("Paddle__CallsPerMinute is 0, and in Production there has to be a limit; Paddle's own is 240.");
            return failures.Count > 0 ? ValidateOptionsResult.Fail(failures) : ValidateOptionsResult.Success;
        }
    }
}
