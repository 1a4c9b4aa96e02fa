using Microsoft.Extensions.Options;

namespace Allocora.Console;

/// <summary>Where the other services answer, as the host that starts the system says it.</summary>
internal sealed class ServiceAddresses
{
    private static readonly string[] Services = ["connector", "ledger", "calculation", "statements"];

    public required IReadOnlyList<(string Name, Uri Address)> All { get; init; }

    public static ServiceAddresses From(IConfiguration configuration)
    {
        var found = Services.Select(name => (Name: name, Address: Address(configuration[$"services:{name}:http:0"]))).ToList();
        var wrong = found.Where(f => f.Address is null).Select(f => f.Name)
            .Select(name => $"services__{name}__http__0 is not an http address; give it as http://host:port.").ToList();
        if (wrong.Count > 0) throw new OptionsValidationException("services", typeof(ServiceAddresses), wrong);
        return new() { All = [.. found.Select(f => (f.Name, f.Address!))] };
    }

    private static Uri? Address(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" ? address : null;
}
