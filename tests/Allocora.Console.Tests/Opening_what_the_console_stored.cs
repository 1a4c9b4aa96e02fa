using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.Testing;

namespace Allocora.Console.Tests;

/// <summary>Every form an event of the Console was ever stored in is kept in a file, and opens.</summary>
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
        ["access_requested/v1/role.json"] = new AccessRequested("apr_3", "role", "usr_2", "usr_2", "viewer", "admin", "ha54", "usr_1"),
        ["access_requested/v1/removal.json"] = new AccessRequested("apr_4", "removal", "usr_2", "usr_2", "admin", "none", "ha54", "usr_1"),
        ["access_requested/v1/invite.json"] = new AccessRequested("apr_2", "invite", "inv_1", null, null, "admin", "ha54", "usr_1",
            Invite: new("5ec", new(2026, 10, 8, 12, 0, 0, TimeSpan.Zero))),
        ["api_key_rotated/v1/plain.json"] = new ApiKeyRotated("key_1", "0the", new(2026, 10, 2, 0, 0, 0, TimeSpan.Zero)),
        ["member_role_changed/v1/plain.json"] = new MemberRoleChanged("usr_2", "viewer", "approver", null, NobodyToAsk: true),
        ["workspace_changed/v1/plain.json"] = new WorkspaceChanged(new("Acme", "EUR", "Europe/Berlin"), new("Acme Ltd", "EUR", "UTC")),
        ["workspace_opened/v1/plain.json"] = new WorkspaceOpened("acme", "Acme", "EUR", "Europe/Berlin", "usr_1"),
    };

    [Fact]
    public void A_file_opens_as_what_it_meant() =>
        Assert.All(Meant, m => Assert.Equal(m.Value, ConsoleEvents.Catalog.Open(Frozen.Single(f => f.Name == m.Key).Stored)));

    [Fact]
    public void Every_version_of_every_type_is_kept() =>
        Assert.Equal(
            from type in ConsoleEvents.Catalog.Versions
            from version in Enumerable.Range(1, type.Value)
            orderby type.Key, version
            select (type.Key, version),
            Frozen.Select(f => (f.Type, f.Version)).Distinct().Order());

    [Fact]
    public void What_is_written_today_is_what_is_kept_as_the_version_of_today() => Assert.All(
        Frozen.Where(f => f.Version == ConsoleEvents.Catalog.Versions[f.Type]),
        f => Assert.Equal(
            CanonicalJson.Form(f.Data),
            CanonicalJson.Form(ConsoleEvents.Catalog.Seal(ConsoleEvents.Catalog.Open(f.Stored), Guid.Empty, f.Stored.At).Data)));
}
