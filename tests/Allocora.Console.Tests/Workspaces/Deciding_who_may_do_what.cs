using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.ServiceDefaults;

namespace Allocora.Console.Tests.Workspaces;

/// <summary>The rules of access, without a database: what is asked in which state, and what comes of it.</summary>
public sealed class Deciding_who_may_do_what
{
    private const string Ann = "usr_ann", Ben = "usr_ben", Cid = "usr_cid", Secret = "5ec", Other = "0the";
    private static readonly DateTimeOffset Now = new(2026, 10, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly IReadOnlySet<string> All = PermissionTable.All;

    private static WorkspaceAccess After(params WorkspaceHappened[] happened) => happened.Aggregate(
        new WorkspaceAccess(), WorkspaceAccess.Evolve);

    private static WorkspaceAccess With(params (string Person, string Role)[] others) => After(
    [
        new WorkspaceOpened("acme", "Acme", "EUR", "UTC", Ann), new MemberJoined(Ann, "admin", null),
        .. others.Select(o => new MemberJoined(o.Person, o.Role, null)),
    ]);

    private static WorkspaceAccess Then(WorkspaceAccess state, Decision<WorkspaceHappened> decision)
    {
        Assert.Null(decision.Refusal);
        return decision.Events.Aggregate(state, WorkspaceAccess.Evolve);
    }

    private static string? CodeOf(Decision<WorkspaceHappened> decision) => decision.Refusal?.Code;

    private static Decision<WorkspaceHappened> Invited(WorkspaceAccess state, string role) =>
        MemberRules.Invite(state, Ann, "inv_1", role, Secret, Now.AddDays(7), "apr_1", Now);

    private static Decision<WorkspaceHappened> Key(
        WorkspaceAccess state, string by, string owner, string role, IReadOnlyList<string>? permissions = null, IReadOnlySet<string>? held = null) =>
        KeyRules.Grant(state, by, held ?? All, new("key_1", "Robot", owner, role, permissions, Now.AddDays(30)), Secret, "apr_1", Now);

    [Fact]
    public void Who_is_invited_joins_once()
    {
        var state = Then(With(), Invited(With(), "operator"));

        var joined = MemberRules.Join(state, Ben, "inv_1", Secret, Now);
        Assert.Equal([new MemberJoined(Ben, "operator", "inv_1")], joined.Events);
        state = Then(state, joined);

        Assert.Equal("already-member", CodeOf(MemberRules.Join(state, Ben, "inv_1", Secret, Now)));
        Assert.Equal("invite-used", CodeOf(MemberRules.Join(state, Cid, "inv_1", Secret, Now)));
        Assert.Equal("invite-used", CodeOf(MemberRules.RevokeInvite(state, Ann, "inv_1")));
    }

    [Theory]
    [InlineData("admin", "approval-required")]
    [InlineData("approver", "approval-required")]
    [InlineData("operator", null)]
    public void An_invite_of_a_lone_admin_that_nobody_approved_is_void_once_there_is_a_second(string role, string? refusal)
    {
        var alone = Then(With(), Invited(With(), role));
        var joined = MemberRules.Join(alone, Ben, "inv_1", Secret, Now);
        Assert.Null(joined.Refusal);

        var two = WorkspaceAccess.Evolve(alone, new MemberJoined(Cid, "admin", null));

        Assert.Equal(refusal, CodeOf(MemberRules.Join(two, Ben, "inv_1", Secret, Now)));
    }

    [Fact]
    public void An_invite_that_is_over_lets_nobody_in()
    {
        var state = Then(With(), Invited(With(), "operator"));

        Assert.Equal("not-found", CodeOf(MemberRules.Join(state, Ben, "inv_1", Other, Now)));
        Assert.Equal("not-found", CodeOf(MemberRules.Join(state, Ben, "inv_2", Secret, Now)));
        Assert.Equal("invite-expired", CodeOf(MemberRules.Join(state, Ben, "inv_1", Secret, Now.AddDays(7))));
        Assert.Equal("invite-revoked", CodeOf(MemberRules.Join(Then(state, MemberRules.RevokeInvite(state, Ann, "inv_1")), Ben, "inv_1", Secret, Now)));
    }

    [Fact]
    public void Who_made_an_invite_and_is_removed_does_not_come_back_with_it()
    {
        var state = With((Ben, "admin"));
        state = Then(state, MemberRules.Invite(state, Ben, "inv_1", "operator", Secret, Now.AddDays(7), "apr_1", Now));

        state = Then(state, MemberRules.Remove(state, Ben, Ben, "apr_1"));

        Assert.Equal("invite-revoked", CodeOf(MemberRules.Join(state, Ben, "inv_1", Secret, Now)));
    }

    [Theory]
    [InlineData("admin", "viewer", null)]
    [InlineData("preparer", "operator", null)]
    [InlineData("approver", "viewer", null)]
    [InlineData("admin", "approver", "self-grant-forbidden")]
    [InlineData("admin", "operator", "self-grant-forbidden")]
    [InlineData("operator", "preparer", "self-grant-forbidden")]
    [InlineData("viewer", "admin", "self-grant-forbidden")]
    [InlineData("payee", "viewer", "self-grant-forbidden")]
    public void Anybody_takes_a_role_that_allows_less_and_nobody_one_that_allows_more(string from, string to, string? why)
    {
        var decided = MemberRules.ChangeRole(With((Ben, from)), Ben, Ben, to, "apr_1");

        Assert.Equal(why, CodeOf(decided));
        Assert.Equal(why is null ? [new MemberRoleChanged(Ben, from, to)] : [], decided.Events);
    }

    [Theory]
    [InlineData("viewer")]
    [InlineData("payee")]
    [InlineData("admin")]
    public void Anybody_leaves(string role) =>
        Assert.Equal([new MemberRemoved(Ben, role)], MemberRules.Remove(With((Ben, role)), Ben, Ben, "apr_1").Events);

    [Fact]
    public void The_last_admin_stays()
    {
        Assert.Equal("last-admin", CodeOf(MemberRules.Remove(With((Ben, "viewer")), Ann, Ann, "apr_1")));
        Assert.Equal("last-admin", CodeOf(MemberRules.ChangeRole(With((Ben, "viewer")), Ann, Ann, "viewer", "apr_1")));
        Assert.Null(CodeOf(MemberRules.Remove(With((Ben, "admin")), Ann, Ann, "apr_1")));
    }

    [Fact]
    public void Of_two_admins_neither_sends_the_other_away()
    {
        var state = With((Ben, "admin"), (Cid, "approver"));

        foreach (var role in new[] { "viewer", "approver", "operator" })
            Assert.Equal("no-third-admin", CodeOf(MemberRules.ChangeRole(state, Ann, Ben, role, "apr_1")));
        Assert.Equal("no-third-admin", CodeOf(MemberRules.Remove(state, Ann, Ben, "apr_1")));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("viewer")]
    [InlineData("approver")]
    public void An_admin_goes_when_two_others_say_so(string to)
    {
        var state = With((Ben, "admin"), (Cid, "admin"), ("usr_dan", "approver"));
        state = Then(state, MemberRules.Invite(state, Ben, "inv_1", "viewer", Secret, Now.AddDays(7), "apr_0", Now));
        var asked = to == "none" ? MemberRules.Remove(state, Ann, Ben, "apr_1") : MemberRules.ChangeRole(state, Ann, Ben, to, "apr_1");
        var request = Assert.IsType<AccessRequested>(Assert.Single(asked.Events));
        state = Then(state, asked);
        Decision<WorkspaceHappened> Approved(string by) => ApprovalRules.Approve(state, by, "apr_1", request.ContentHash, Now);

        Assert.Equal((to == "none" ? "removal" : "role", Ben, Ben, "admin", to, Ann),
            (request.Kind, request.Target, request.Beneficiary, request.From, request.To, request.By));
        Assert.Equal("admin", state.RoleOf(Ben));
        Assert.Equal("self-approval-forbidden", CodeOf(Approved(Ann)));
        Assert.Equal("self-approval-forbidden", CodeOf(Approved(Ben)));
        Assert.Equal("self-approval-forbidden", CodeOf(ApprovalRules.Reject(state, Ben, "apr_1", "no")));
        Assert.Equal("insufficient-scope", CodeOf(Approved("usr_dan")));

        WorkspaceHappened gone = to == "none" ? new MemberRemoved(Ben, "admin") : new MemberRoleChanged(Ben, "admin", to, "apr_1");
        Assert.Equal([new AccessApproved("apr_1", Cid), gone, new InviteRevoked("inv_1")], Approved(Cid).Events);
    }

    [Fact]
    public void That_an_admin_goes_is_approved_as_it_was_asked_for()
    {
        var state = With((Ben, "admin"), (Cid, "admin"), ("usr_dan", "admin"));
        state = Then(state, MemberRules.ChangeRole(state, Ann, Ben, "viewer", "apr_1"));
        state = Then(state, MemberRules.Remove(state, Ann, Ben, "apr_2"));
        state = Then(state, MemberRules.Remove(state, Ann, "usr_dan", "apr_3"));
        string HashOf(string approval) => state.Requests[approval].ContentHash;

        foreach (var other in new[] { "apr_1", "apr_3" })
            Assert.Equal("approval-stale", CodeOf(ApprovalRules.Approve(state, Cid, "apr_2", HashOf(other), Now)));
        var without = Then(state, MemberRules.Remove(state, Ann, Ann, "apr_4"));
        Assert.Equal("approval-stale", CodeOf(ApprovalRules.Approve(without, Cid, "apr_2", HashOf("apr_2"), Now)));
        var lower = Then(state, ApprovalRules.Approve(state, Cid, "apr_1", HashOf("apr_1"), Now));
        Assert.Equal("approval-stale", CodeOf(ApprovalRules.Approve(lower, Cid, "apr_2", HashOf("apr_2"), Now)));
    }

    [Fact]
    public void Who_is_no_admin_changes_nothing()
    {
        var state = With((Ben, "operator"), (Cid, "viewer"));

        Assert.Equal("insufficient-scope", CodeOf(MemberRules.ChangeRole(state, Ben, Cid, "operator", "apr_1")));
        Assert.Equal("insufficient-scope", CodeOf(MemberRules.Remove(state, Ben, Cid, "apr_1")));
        Assert.Equal("insufficient-scope", CodeOf(MemberRules.Invite(state, Ben, "inv_1", "viewer", Secret, Now.AddDays(7), "apr_1", Now)));
        Assert.Equal("insufficient-scope", CodeOf(MemberRules.Change(state, Ben, new("Other", "EUR", "UTC"))));
        Assert.Equal("insufficient-scope", CodeOf(Key(state, Ben, Ben, "viewer")));
    }

    [Theory]
    [InlineData("viewer", false)]
    [InlineData("operator", false)]
    [InlineData("preparer", false)]
    [InlineData("auditor", false)]
    [InlineData("approver", true)]
    [InlineData("admin", true)]
    public void The_roles_that_decide_need_another_admin(string role, bool isAsked)
    {
        var alone = Assert.IsType<MemberInvited>(Assert.Single(Invited(With(), role).Events));
        var among = Assert.Single(Invited(With((Ben, "admin")), role).Events);

        Assert.Equal(isAsked, alone.NobodyToAsk);
        Assert.Equal(isAsked, among is AccessRequested);
        Assert.False(among is MemberInvited { NobodyToAsk: true });
    }

    [Fact]
    public void Neither_who_asks_nor_who_benefits_approves()
    {
        var state = With((Ben, "admin"), (Cid, "admin"), ("usr_dan", "viewer"));
        state = Then(state, Key(state, Ann, Ben, "admin"));
        var hash = state.Requests["apr_1"].ContentHash;

        Assert.Equal("self-approval-forbidden", CodeOf(ApprovalRules.Approve(state, Ann, "apr_1", hash, Now)));
        Assert.Equal("self-approval-forbidden", CodeOf(ApprovalRules.Approve(state, Ben, "apr_1", hash, Now)));
        Assert.Equal("insufficient-scope", CodeOf(ApprovalRules.Approve(state, "usr_dan", "apr_1", hash, Now)));
        Assert.Equal("self-approval-forbidden", CodeOf(ApprovalRules.Reject(state, Ann, "apr_1", "no")));

        var approved = ApprovalRules.Approve(state, Cid, "apr_1", hash, Now);
        Assert.Equal(new AccessApproved("apr_1", Cid), approved.Events[0]);
        Assert.Equal(("key_1", Ben, "apr_1", false), approved.Events[1] is ApiKeyGranted e ? (e.Key, e.Owner, e.Approval, e.NobodyToAsk) : default);
        Assert.Equal("already-decided", CodeOf(ApprovalRules.Approve(Then(state, approved), Cid, "apr_1", hash, Now)));
        Assert.Equal("not-found", CodeOf(ApprovalRules.Approve(state, Cid, "apr_2", hash, Now)));
    }

    [Fact]
    public void An_approval_is_for_what_was_seen_and_for_nothing_else()
    {
        var state = With((Ben, "viewer"), (Cid, "admin"));
        state = Then(state, MemberRules.ChangeRole(state, Ann, Ben, "approver", "apr_1"));
        var hash = state.Requests["apr_1"].ContentHash;

        Assert.Equal("approval-stale", CodeOf(ApprovalRules.Approve(state, Cid, "apr_1", new string('0', 64), Now)));
        var there = Then(state, MemberRules.ChangeRole(state, Ann, Ben, "operator", "apr_2"));
        Assert.Equal("approval-stale", CodeOf(ApprovalRules.Approve(there, Cid, "apr_1", hash, Now)));
        var andBack = Then(there, MemberRules.ChangeRole(there, Ann, Ben, "viewer", "apr_3"));
        Assert.Equal("approval-stale", CodeOf(ApprovalRules.Approve(andBack, Cid, "apr_1", hash, Now)));
        Assert.Equal("approval-stale", CodeOf(ApprovalRules.Approve(Then(state, MemberRules.Remove(state, Ann, Ben, "apr_4")), Cid, "apr_1", hash, Now)));
        Assert.Equal("approval-stale", CodeOf(ApprovalRules.Approve(Then(state, MemberRules.Remove(state, Ann, Ann, "apr_4")), Cid, "apr_1", hash, Now)));
        Assert.Equal(
            [new AccessApproved("apr_1", Cid), new MemberRoleChanged(Ben, "viewer", "approver", "apr_1")],
            ApprovalRules.Approve(state, Cid, "apr_1", hash, Now).Events);
    }

    [Fact]
    public void Only_who_asked_withdraws()
    {
        var state = With((Ben, "admin"), (Cid, "viewer"));
        state = Then(state, MemberRules.ChangeRole(state, Ann, Cid, "approver", "apr_1"));

        Assert.Equal("not-requester", CodeOf(ApprovalRules.Withdraw(state, Ben, "apr_1")));
        state = Then(state, ApprovalRules.Withdraw(state, Ann, "apr_1"));
        Assert.Equal("already-decided", CodeOf(ApprovalRules.Reject(state, Ben, "apr_1", "no")));
    }

    [Fact]
    public void A_key_opens_no_more_than_its_owner_may()
    {
        var state = With((Ben, "operator"));

        Assert.Equal("role-exceeds-owner", CodeOf(Key(state, Ann, Ben, "preparer")));
        Assert.Equal("role-exceeds-owner", CodeOf(Key(state, Ann, Ann, "operator")));
        Assert.Equal("owner-not-member", CodeOf(Key(state, Ann, Cid, "viewer")));
        Assert.Null(CodeOf(Key(state, Ann, Ben, "operator")));
    }

    [Fact]
    public void The_secret_of_a_key_is_its_owners()
    {
        var state = With((Ben, "operator"));
        state = Then(state, Key(state, Ann, Ben, "operator"));

        Assert.Null(state.Keys["key_1"].SecretHash);
        Assert.Equal("not-found", CodeOf(KeyRules.Collect(state, Ann, All, "key_1", Secret, Now)));
        Assert.Equal("not-collected", CodeOf(KeyRules.Rotate(state, Ben, All, "key_1", Secret, TimeSpan.Zero, Now)));
        state = Then(state, KeyRules.Collect(state, Ben, All, "key_1", Secret, Now));
        Assert.Equal("already-collected", CodeOf(KeyRules.Collect(state, Ben, All, "key_1", Other, Now)));
        Assert.Equal("not-found", CodeOf(KeyRules.Rotate(state, Ann, All, "key_1", Other, TimeSpan.Zero, Now)));
        Assert.Equal("key-expired", CodeOf(KeyRules.Rotate(state, Ben, All, "key_1", Other, TimeSpan.Zero, Now.AddDays(30))));
        Assert.Equal("key-revoked", CodeOf(KeyRules.Rotate(
            Then(state, KeyRules.Revoke(state, Ann, All, "key_1")), Ben, All, "key_1", Other, TimeSpan.Zero, Now)));
    }

    [Fact]
    public void With_a_small_key_nobody_gets_a_greater_one()
    {
        var state = With();
        var small = new HashSet<string> { KeyRules.Write, "workspace.read" };

        Assert.Equal("insufficient-scope", CodeOf(Key(state, Ann, Ann, "admin", held: small)));
        Assert.Null(CodeOf(Key(state, Ann, Ann, "admin", [KeyRules.Write], small)));
        state = Then(state, Key(state, Ann, Ann, "admin"));
        Assert.Equal("insufficient-scope", CodeOf(KeyRules.Rotate(state, Ann, small, "key_1", Other, TimeSpan.Zero, Now)));
        Assert.Equal("insufficient-scope", CodeOf(KeyRules.Revoke(state, Ann, new HashSet<string> { "workspace.read" }, "key_1")));
    }

    [Fact]
    public void The_keys_of_who_goes_never_open_again()
    {
        var state = With((Ben, "operator"));
        state = Then(state, Key(state, Ann, Ben, "operator"));

        state = Then(state, MemberRules.Remove(state, Ann, Ben, "apr_2"));

        Assert.True(state.Keys["key_1"].IsRevoked);
    }

    [Fact]
    public void A_key_lives_a_year_at_most()
    {
        Decision<WorkspaceHappened> Until(DateTimeOffset end) =>
            KeyRules.Grant(With(), Ann, All, new("key_1", "Robot", Ann, "viewer", null, end), Secret, "apr_1", Now);

        Assert.Equal("expiry-out-of-range", CodeOf(Until(Now)));
        Assert.Equal("expiry-out-of-range", CodeOf(Until(Now.AddDays(366))));
        Assert.Null(CodeOf(Until(Now.AddDays(365))));
    }
}
