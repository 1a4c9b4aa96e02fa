using Allocora.Testing;

namespace Allocora.Console.Tests.Workspaces;

/// <summary>S-MC-1: who asks for access never approves it, whatever session or key they come with, and however often at once.</summary>
public sealed class Maker_and_checker
{
    private const int Rounds = 10_000, InOneWorkspace = 500, AtOnce = 20;

    [Fact]
    public async Task Nobody_approves_what_they_asked_for_or_what_is_for_them()
    {
        await using var console = await AccessConsole.Start();
        var (refused, approved) = (0, 0);
        for (var n = 0; refused < TestSize.Of(Rounds, atLeast: InOneWorkspace); n++)
        {
            var inThis = await TryIn(console, $"acme-{n}");
            (refused, approved) = (refused + inThis.Refused, approved + inThis.Approved);
        }

        Assert.Equal(0L, await console.Database.Ask("""
            select count(*) from console_access_v1.approval where state = 'approved' and (decided_by = requested_by or decided_by = beneficiary)
            """));
        Assert.Equal((long)approved, await console.Database.Ask("select count(*) from console_access_v1.approval where state = 'approved'"));
    }

    private static async Task<(int Refused, int Approved)> TryIn(AccessConsole console, string slug)
    {
        var ann = await console.Owner();
        var ws = await console.Open(ann, slug);
        var ben = await console.Join(ws, ann, "admin", "ben");
        var cid = await console.Join(ws, ann, "admin", "cid", approver: ben);
        var root = $"/api/v1/workspaces/{ws}";
        // Each admin also has two keys of their own, which another admin has approved.
        var hands = new Dictionary<string, string[]>();
        foreach (var (person, other) in new[] { (ann, ben), (ben, cid), (cid, ann) })
            hands[person] = [person, await KeyOf(console, root, person, other), await KeyOf(console, root, person, other)];

        var (refused, rounds) = (0, 0);
        for (; refused < InOneWorkspace; rounds++)
        {
            // A role for somebody else, or a key for another admin, who then is not the one to approve it either.
            var isKey = rounds % 2 == 1;
            var (maker, beneficiary) = isKey ? (ann, ben) : (ben, await console.Join(ws, ann, "viewer", $"dan-{rounds}"));
            var (id, hash) = isKey
                ? await Ask(console, root, hands[maker][rounds % 3], HttpMethod.Post, $"{root}/api-keys", KeyBody("admin", beneficiary))
                : await Ask(console, root, hands[maker][rounds % 3], HttpMethod.Put, $"{root}/members/{beneficiary}", """{"role":"approver"}""");
            string[] forbidden = isKey ? [.. hands[maker], .. hands[beneficiary]] : hands[maker];
            Task<Answer> Approve(string who) => console.Ask(who, HttpMethod.Post, $"{root}/approvals/{id}/approve", $$"""{"contentHash":"{{hash}}"}""");

            var answers = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(n => Approve(forbidden[n % forbidden.Length])));
            Assert.All(answers, a => Assert.Equal((403, "self-approval-forbidden"), (a.Status, a.Code)));
            refused += answers.Length;

            var (granted, late) = (Approve(hands[cid][rounds % 3]), Approve(hands[maker][rounds % 2]));
            Assert.Equal(200, (await granted).Status);
            Assert.Contains((await late).Code, new[] { "self-approval-forbidden", "already-decided" });
        }
        return (refused, rounds + 7);
    }

    [Fact]
    public async Task The_database_does_not_hold_an_approval_by_its_maker()
    {
        await using var database = await ConsoleDatabase.Create();

        async Task<string?> Refused(string by, string beneficiary) => (await Record.ExceptionAsync(() => database.Ask($"""
            insert into console_access_v1.approval (
              tenant_id, id, kind, target, beneficiary, to_role, content_hash, state, requested_by, requested_at, decided_by)
            values ('ws_1', 'apr_{by}', 'role', 'usr_x', '{beneficiary}', 'admin', '', 'approved', 'usr_maker', now(), '{by}')
            """)) as Npgsql.PostgresException)?.ConstraintName;

        Assert.Equal("maker_is_not_checker", await Refused("usr_maker", "usr_x"));
        Assert.Equal("maker_is_not_checker", await Refused("usr_x", "usr_x"));
        Assert.Null(await Refused("usr_other", "usr_x"));
    }

    private static string KeyBody(string role, string owner) =>
        $$"""{"name":"Robot","role":"{{role}}","owner":"{{owner}}","expiresAt":"{{DateTimeOffset.UtcNow.AddDays(30):O}}"}""";

    private static async Task<(string Id, string Hash)> Ask(AccessConsole console, string root, string who, HttpMethod method, string path, string body)
    {
        var asked = await console.Ask(who, method, path, body);
        var id = asked.Text("approval");
        var seen = (await console.Ask(who, HttpMethod.Get, $"{root}/approvals?limit=200")).Data.First(a => a.GetProperty("id").GetString() == id);
        return (id, seen.GetProperty("contentHash").GetString()!);
    }

    private static async Task<string> KeyOf(AccessConsole console, string root, string person, string approver)
    {
        var (id, hash) = await Ask(console, root, person, HttpMethod.Post, $"{root}/api-keys", KeyBody("admin", person));
        Assert.Equal(200, (await console.Ask(approver, HttpMethod.Post, $"{root}/approvals/{id}/approve", $$"""{"contentHash":"{{hash}}"}""")).Status);
        var key = (await console.Ask(person, HttpMethod.Get, $"{root}/api-keys")).Data.First(k => k.GetProperty("state").GetString() == "uncollected");
        return (await console.Ask(person, HttpMethod.Post, $"{root}/api-keys/{key.GetProperty("id").GetString()}/collect")).Text("key");
    }
}
