using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Allocora.ServiceDefaults;

namespace Allocora.Console.Tests.Pages;

public sealed class The_forms_of_a_workspace : IAsyncLifetime
{
    private PagesOfWorkspace acme = null!;
    private Visitor mara = null!, vera = null!;

    public async Task InitializeAsync()
    {
        acme = await PagesOfWorkspace.Start();
        (mara, vera) = (await acme.SignIn("mara"), await acme.SignIn("vera"));
    }

    public async Task DisposeAsync()
    {
        mara.Dispose();
        vera.Dispose();
        await acme.DisposeAsync();
    }

    [Fact]
    public async Task Change_a_role_and_remove_a_member_and_both_take_effect()
    {
        await Led(mara, "members", $"{acme.Of("vera")}/role", "/acme/members?done=role", ("role", "auditor"));
        using (var audit = await vera.Get("/acme/audit")) Assert.Equal(HttpStatusCode.OK, audit.StatusCode);
        Assert.Contains("The role is changed.", Html.Texts(await mara.Page("/acme/members?done=role"), "p"));

        await Led(mara, "members", $"{acme.Of("vera")}/remove", "/acme/members?done=removed");
        using var gone = await vera.Get("/acme");
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        Assert.DoesNotContain(acme.Of("vera"), await mara.Page("/acme/members"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Say_on_the_page_why_something_was_refused()
    {
        await Refused("members", $"{acme.Of("vera")}/role", 400, "Give one of viewer, ", ("role", "emperor"));
        await Refused("members", $"{acme.Of("mara")}/role", 403, "Nobody gives themselves a role that allows more. Ask another admin.", ("role", "approver"));
        await Refused("members", $"{acme.Of("olga")}/remove", 404, "There is no such member here.");
        await Refused("members", "invites", 400, "Give 1 to 30 days.", ("role", "viewer"), ("days", "31"));
        await Refused("api-keys", "", 400, "Give a name of 1 to 100 characters.", ("name", " "), ("role", "viewer"), ("expires", "tomorrow"));
        await Refused("api-keys", "key_x/collect", 404, "There is no such key here.");
        await Refused("approvals", "apr_x/approve", 404, "There is no such request here.", ("contentHash", "x"));
        await Refused("approvals", "apr_x/reject", 400, "Give a reason of 1 to 500 characters.");
    }

    [Fact]
    public async Task Are_for_those_alone_who_hold_the_permission()
    {
        foreach (var (page, form) in new[] { ("members", $"{acme.Of("otto")}/role"), ("members", "invites"), ("api-keys", ""), ("approvals", "apr_x/approve") })
        {
            using var answer = await vera.Post(Address(page, form), await vera.TokenOf("/account"), ("role", "admin"));
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.Contains("This needs the permission ", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            using var elsewhere = await mara.Post(Address(page, form).Replace("acme", "other", StringComparison.Ordinal), await mara.TokenOf("/account"));
            Assert.Equal(HttpStatusCode.NotFound, elsewhere.StatusCode);
            using var bare = await mara.Post(Address(page, form), token: null, ("role", "admin"));
            Assert.Equal(HttpStatusCode.BadRequest, bare.StatusCode);
        }
        Assert.DoesNotContain("<form class=", await vera.Page("/acme/members"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_an_invitation_once_with_which_somebody_joins_until_it_is_revoked()
    {
        var invited = await Secret("members", "invites", ("role", "operator"), ("days", "3"));
        var taken = await Secret("members", "invites", ("role", "viewer"));
        var page = await mara.Page("/acme/members");
        Assert.DoesNotContain(invited, page, StringComparison.Ordinal);
        var open = Rows(page, "data-invite");
        Assert.Equal(2, open.Count);
        await Led(mara, "members", $"invites/{Regex.Match(taken, "inv_[0-9a-z]{26}").Value}/revoke", "/acme/members?done=revoked");
        Assert.Single(Rows(await mara.Page("/acme/members"), "data-invite"));

        using var olga = await acme.SignIn("olga");
        using var late = await olga.Press(new Uri(taken).AbsolutePath, new Uri(taken).AbsolutePath);
        Assert.EndsWith("?refused=invite-revoked", late.Headers.Location?.ToString(), StringComparison.Ordinal);
        using var joined = await olga.Press(new Uri(invited).AbsolutePath, new Uri(invited).AbsolutePath);
        Assert.Equal("/", joined.Headers.Location?.ToString());
        Assert.Contains("You are operator in this workspace.", Html.Texts(await olga.Page("/acme"), "p"));
        Assert.Contains("No invitation is open.", await mara.Page("/acme/members"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_a_key_once_to_its_owner_and_a_reload_makes_no_second_one()
    {
        (string, string)[] asked = [("name", "Nightly"), ("role", "viewer"), ("expires", Tomorrow), ("once", "0123456789")];
        var key = await Secret("api-keys", "", asked);
        Assert.Equal(HttpStatusCode.OK, await With(key));
        await Refused("api-keys", "", 409, "This was done before. What was shown then is not kept anywhere.", asked);
        var id = Assert.Single(Rows(await mara.Page("/acme/api-keys"), "data-key"));

        var rotated = await Secret("api-keys", $"{id}/rotate", ("overlap", "0"));
        Assert.Equal(HttpStatusCode.OK, await With(rotated));
        Assert.Equal(HttpStatusCode.Unauthorized, await With(key));
        Assert.DoesNotContain(rotated, await mara.Page("/acme/api-keys"), StringComparison.Ordinal);

        await Led(mara, "api-keys", $"{id}/revoke", "/acme/api-keys?done=revoked");
        Assert.Equal(HttpStatusCode.Unauthorized, await With(rotated));
    }

    [Fact]
    public async Task Let_the_owner_alone_collect_a_key_an_admin_issued()
    {
        (string, string)[] asked = [("name", "For Vera"), ("role", "viewer"), ("expires", Tomorrow), ("owner", acme.Of("vera"))];
        await Led(mara, "api-keys", "", "/acme/api-keys?done=issued", asked);
        var id = Assert.Single(Rows(await vera.Page("/acme/api-keys"), "data-key"));
        Assert.DoesNotContain("/collect", await mara.Page("/acme/api-keys"), StringComparison.Ordinal);
        await Refused("api-keys", $"{id}/collect", 404, "There is no such key here.");

        var key = await Secret(vera, "api-keys", $"{id}/collect");
        Assert.Equal(HttpStatusCode.OK, await With(key));
        Assert.Contains("Your keys of this workspace", Html.Texts(await vera.Page("/acme/api-keys"), "caption"));
    }

    [Fact]
    public async Task Have_what_one_admin_asks_for_approved_by_another_who_sees_what_it_is()
    {
        await Led(mara, "members", $"{acme.Of("vera")}/role", "/acme/members?done=waiting", ("role", Roles.Approver));
        var mine = await mara.Page("/acme/approvals");
        Assert.Contains("You asked for this, so another admin has to approve it.", Html.Texts(mine, "p"));
        Assert.DoesNotContain("/approve\"", mine, StringComparison.Ordinal);
        Assert.Contains("1 request waits for an answer of the admins.", Html.Texts(await mara.Page("/acme"), "p"));

        using var ada = await acme.SignIn("ada");
        var page = await ada.Page("/acme/approvals");
        Structure_of_the_pages.Check(page);
        Assert.Contains("Make Vera <b> approver instead of viewer", Html.Texts(page, "h2"));
        var action = Regex.Match(page, "action=\"/acme/approvals/([^\"]*/approve)\"").Groups[1].Value;
        var hash = Regex.Match(page, "name=\"contentHash\" value=\"([^\"]*)\"").Groups[1].Value;
        await Refused(ada, "approvals", action, 409, "What was asked for, or the access it is about, has changed since.", ("contentHash", new string('0', 64)));
        await Refused(mara, "approvals", action, 403, "You asked for this. Another admin has to approve it.", ("contentHash", hash));
        await Led(ada, "approvals", action, "/acme/approvals?done=approved", ("contentHash", hash));

        Assert.Contains("You are approver in this workspace.", Html.Texts(await vera.Page("/acme"), "p"));
        Assert.Contains("approved", Html.Texts(await ada.Page("/acme/approvals"), "td"));
    }

    [Fact]
    public async Task Reject_with_a_reason_and_withdraw()
    {
        await Led(mara, "members", $"{acme.Of("vera")}/role", "/acme/members?done=waiting", ("role", Roles.Approver));
        await Led(mara, "members", $"{acme.Of("otto")}/role", "/acme/members?done=waiting", ("role", Roles.Admin));
        var requests = Regex.Matches(await mara.Page("/acme/approvals"), "data-request=\"([^\"]*)\"").Select(m => m.Groups[1].Value).ToList();
        using var ada = await acme.SignIn("ada");

        await Led(ada, "approvals", $"{requests[0]}/reject", "/acme/approvals?done=rejected", ("reason", "Not <now>"));
        await Led(mara, "approvals", $"{requests[1]}/withdraw", "/acme/approvals?done=withdrawn");

        var page = await mara.Page("/acme/approvals");
        Assert.Contains("rejected: Not <now>", Html.Texts(page, "td"));
        Assert.StartsWith("Nothing waits for an approval.", Html.Texts(page, "p")[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lead_whose_confirmation_is_old_to_give_it_again_and_back()
    {
        await acme.Tire("mara");
        var form = $"/acme/members/{acme.Of("vera")}/role";
        using var stale = await mara.Press("/acme/members", form, ("role", "operator"));
        Assert.Equal((HttpStatusCode.SeeOther, "/sign-in/confirm?return=%2Facme%2Fmembers"), (stale.StatusCode, stale.Headers.Location?.ToString()));
        Assert.Contains("/sign-in/confirm?return=", await mara.Page("/acme/members"), StringComparison.Ordinal);

        using var confirmed = await mara.Press("/sign-in/confirm?return=/acme/members", "/sign-in/confirm?return=/acme/members");
        Assert.Equal("/acme/members", confirmed.Headers.Location?.ToString());
        await Led(mara, "members", $"{acme.Of("vera")}/role", "/acme/members?done=role", ("role", "operator"));
    }

    private static string Tomorrow => TimeProvider.System.GetUtcNow().AddDays(1).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);

    private static string Address(string page, string form) => $"/acme/{page}{(form == "" ? "" : "/")}{form}";

    private static List<string> Rows(string html, string attribute) =>
        [.. Html.Tags(html, "tr").Select(tag => Html.Attribute(tag, attribute)).OfType<string>()];

    private static async Task Led(Visitor visitor, string page, string form, string to, params (string, string)[] fields)
    {
        using var answer = await visitor.Press($"/acme/{page}", Address(page, form), fields);
        Assert.Equal((HttpStatusCode.SeeOther, to), (answer.StatusCode, answer.Headers.Location?.ToString()));
    }

    private Task Refused(string page, string form, int status, string sentence, params (string, string)[] fields) =>
        Refused(mara, page, form, status, sentence, fields);

    private static async Task Refused(Visitor visitor, string page, string form, int status, string sentence, params (string, string)[] fields)
    {
        using var answer = await visitor.Press($"/acme/{page}", Address(page, form), fields);
        var html = await answer.Content.ReadAsStringAsync();
        Assert.Equal(status, (int)answer.StatusCode);
        Structure_of_the_pages.Check(html);
        Assert.Contains(Html.Texts(html, "p"), text => text.StartsWith(sentence, StringComparison.Ordinal));
        Assert.Contains("role=\"alert\"", html, StringComparison.Ordinal);
    }

    private Task<string> Secret(string page, string form, params (string, string)[] fields) => Secret(mara, page, form, fields);

    private static async Task<string> Secret(Visitor visitor, string page, string form, params (string, string)[] fields)
    {
        using var answer = await visitor.Press($"/acme/{page}", Address(page, form), fields);
        var html = await answer.Content.ReadAsStringAsync();
        Assert.Equal((HttpStatusCode.OK, true), (answer.StatusCode, answer.Headers.CacheControl?.NoStore));
        Structure_of_the_pages.Check(html);
        return Html.Attribute(Html.Tags(html, "input").Single(tag => Html.Attribute(tag, "id") == "secret"), "value")!;
    }

    private async Task<HttpStatusCode> With(string key)
    {
        using var stranger = acme.Console.Visit();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/workspaces/acme");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await stranger.Send(request);
        return answer.StatusCode;
    }
}
