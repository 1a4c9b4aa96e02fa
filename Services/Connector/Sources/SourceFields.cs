using System.Globalization;
using Allocora.Contracts;
using Allocora.Contracts.Events;
using Allocora.ServiceDefaults;

namespace Allocora.Connector;

/// <summary>What a person may set of a source, as it was sent.</summary>
internal sealed record SourceFields(
    string? Name, IReadOnlyList<string>? Currencies, string? StartDate, int? IntervalMinutes, IReadOnlyList<string>? CustomDataKeys)
{
    private const int NameMax = 100, CurrenciesMax = 50, KeysMax = 50, KeyMax = 100;
    private static readonly string[] Times = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFK"];

    public IEnumerable<FieldError> WhatIsWrong(DateTimeOffset now)
    {
        if (Name is not null && (Name.Length > NameMax || string.IsNullOrWhiteSpace(Name) || Name.Any(char.IsControl)))
            yield return new("#/name", $"Give a name of 1 to {NameMax} characters.");
        foreach (var (index, code) in (Currencies ?? []).Take(CurrenciesMax + 1).Index())
            if (!Currency.TryParse(code, out _)) yield return new($"#/currencies/{index}", "Give a currency as ISO 4217 has it, such as USD.");
        if (Currencies is not null && (Currencies.Count > CurrenciesMax || Currencies.Distinct().Count() < Currencies.Count))
            yield return new("#/currencies", $"Name at most {CurrenciesMax} currencies, each once; none means all.");
        if (StartDate is { Length: > 0 } && (Start is not { } start || start > now))
            yield return new("#/startDate", "Give a day of the past, such as 2026-01-31.");
        if (IntervalMinutes is < SourceRules.IntervalMinutesMin or > SourceRules.IntervalMinutesMax)
            yield return new("#/intervalMinutes", $"Give {SourceRules.IntervalMinutesMin} to {SourceRules.IntervalMinutesMax} minutes.");
        foreach (var (index, key) in (CustomDataKeys ?? []).Take(KeysMax + 1).Index())
            if (key.Length is 0 or > KeyMax || key.Any(char.IsControl)) yield return new($"#/customDataKeys/{index}", $"A key has 1 to {KeyMax} characters.");
        if (CustomDataKeys is not null && (CustomDataKeys.Count > KeysMax || CustomDataKeys.Distinct().Count() < CustomDataKeys.Count))
            yield return new("#/customDataKeys", $"Name at most {KeysMax} keys, each once.");
    }

    /// <summary>What it will be; what was not sent stays as it is.</summary>
    public SourceSaid Over(SourceSaid before) => new(
        Name ?? before.Name,
        new(Currencies ?? before.Terms.Currencies, StartDate is null ? before.Terms.StartDate : Start, IntervalMinutes ?? before.Terms.IntervalMinutes,
            CustomDataKeys ?? before.Terms.CustomDataKeys));

    // A day begins at midnight UTC.
    private DateTimeOffset? Start => DateTimeOffset.TryParseExact(
        StartDate, Times, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at)
        ? at
        : null;
}
