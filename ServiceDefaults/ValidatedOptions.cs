using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Allocora.ServiceDefaults;

public static class ValidatedOptions
{
    /// <summary>
    /// Binds an options class and checks it before the host starts. Every failure names the setting as the environment
    /// spells it (<c>Section__Property</c>), and a setting nobody reads is a failure too: it is a typing mistake.
    /// </summary>
    public static IServiceCollection AddValidated<T>(this IServiceCollection services, string section) where T : class
    {
        services.AddSingleton<IValidateOptions<T>>(new Validator<T>(section));
        services.AddOptions<T>()
            .Configure<IConfiguration>((options, configuration) => Bind(options, configuration.GetSection(section)))
            .ValidateOnStart();
        return services;
    }

    private static void Bind<T>(T options, IConfigurationSection section) where T : class
    {
        var settings = typeof(T).GetProperties().Where(p => p.CanWrite).Select(p => p.Name).ToList();
        var unknown = section.GetChildren().Select(c => c.Key).Except(settings, StringComparer.OrdinalIgnoreCase).ToList();
        if (unknown.Count > 0)
        {
            var known = string.Join(", ", settings.Select(s => Key(section.Path, s)));
            var failures = unknown.Select(u => $"{Key(section.Path, u)} is not a setting. There are: {known}.");
            throw new OptionsValidationException(section.Path, typeof(T), failures);
        }
        try
        {
            // Otherwise the binder leaves out what it cannot read in a dictionary or a list.
            section.Bind(options, o => o.ErrorOnUnknownConfiguration = true);
        }
        catch (InvalidOperationException e)
        {
            var failure = $"{Unreadable(section, e)} is not valid: {e.GetBaseException().Message}";
            throw new OptionsValidationException(section.Path, typeof(T), [failure]);
        }
    }

    // The binder quotes the setting it could not read, in the spelling of configuration.
    private static string Unreadable(IConfigurationSection section, InvalidOperationException e) =>
        Spelled(section.AsEnumerable().Select(s => s.Key)
            .FirstOrDefault(key => $"{e}".Contains($"'{key}'", StringComparison.Ordinal), section.Path));

    private static string Key(string section, string? property) => Spelled(property is null ? section : $"{section}:{property}");

    private static string Spelled(string path) => path.Replace(":", "__", StringComparison.Ordinal);

    private sealed class Validator<T>(string section) : IValidateOptions<T> where T : class
    {
        public ValidateOptionsResult Validate(string? name, T options)
        {
            var results = new List<ValidationResult>();
            return Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true)
                ? ValidateOptionsResult.Success
                : ValidateOptionsResult.Fail(results.Select(r => $"{Key(section, r.MemberNames.FirstOrDefault())} is not valid: {r.ErrorMessage}"));
        }
    }
}
