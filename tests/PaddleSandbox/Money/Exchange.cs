namespace Allocora.PaddleSandbox.Money;

/// <summary>From the currency of a sale into the one that is paid out. The rate is between whole units: places are shifted, once.</summary>
internal sealed record Exchange(string From, string To, Ratio Rate)
{
    public long Convert(long amount) => From == To ? amount : Rate.Of(amount, Currencies.Places(To) - Currencies.Places(From));
}
