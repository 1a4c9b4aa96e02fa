using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.Testing;

namespace Allocora.Console.Tests;

/// <summary>Every form an event of the Console was ever stored in is kept in a file and opens as what it meant then.</summary>
public sealed class Opening_what_the_console_stored
{
    private const string Person = "usr_01hf7yat00000000000000000a", Session = "ses_01hf7yat00000000000000000b";
    private static readonly IReadOnlyList<FrozenEvent> Frozen = Corpus.Beside();

    private static readonly Dictionary<string, object> Meant = new()
    {
        ["session_confirmed/v1/plain.json"] = new SessionConfirmed(Person, Session, "local"),
        ["sign_in_refused/v1/plain.json"] = new SignInRefused("oidc", "denied"),
        ["signed_in/v1/plain.json"] = new SignedIn(Person, Session, "link"),
        ["signed_out/v1/plain.json"] = new SignedOut(Person, Session, Everywhere: true),
    };

    [Fact]
    public void Every_file_opens_as_what_it_meant() =>
        Assert.Equal(Meant.OrderBy(m => m.Key, StringComparer.Ordinal),
            Frozen.Select(f => KeyValuePair.Create(f.Name, ConsoleEvents.Catalog.Open(f.Stored))).OrderBy(m => m.Key, StringComparer.Ordinal));

    [Fact]
    public void Every_version_of_every_type_is_kept() =>
        Assert.Equal(
            from type in ConsoleEvents.Catalog.Versions
            from version in Enumerable.Range(1, type.Value)
            orderby type.Key, version
            select (type.Key, version),
            Frozen.Select(f => (f.Type, f.Version)).Distinct().Order());

    [Fact]
    public void What_is_written_today_is_what_is_kept() =>
        Assert.All(Frozen, f => Assert.Equal(
            CanonicalJson.Form(f.Data), CanonicalJson.Form(ConsoleEvents.Catalog.Seal(ConsoleEvents.Catalog.Open(f.Stored), Guid.Empty, f.Stored.At).Data)));
}
