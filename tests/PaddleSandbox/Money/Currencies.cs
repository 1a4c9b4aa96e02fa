namespace Allocora.PaddleSandbox.Money;

/// <summary>The currencies of the API: which there are, how many places they have, what a dollar's worth of them is.</summary>
internal static class Currencies
{
    /// <summary>Every currency a transaction can be in.</summary>
    public static readonly string[] All =
    [
        "USD", "EUR", "GBP", "JPY", "AUD", "CAD", "CHF", "HKD", "SGD", "SEK", "ARS", "BRL", "CLP", "CNY", "COP", "CZK", "DKK", "HUF", "ILS", "INR",
        "KRW", "MXN", "NOK", "NZD", "PEN", "PLN", "RUB", "THB", "TRY", "TWD", "UAH", "VND", "ZAR",
    ];

    /// <summary>Those that are paid out.</summary>
    public static readonly string[] Payout = ["AUD", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HUF", "PLN", "SEK", "USD", "ZAR"];

    public static int Places(string currency) => currency is "JPY" or "KRW" or "VND" or "CLP" ? 0 : 2;
}
