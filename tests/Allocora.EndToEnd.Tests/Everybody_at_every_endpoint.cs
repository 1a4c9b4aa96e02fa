using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.RegularExpressions;
using Allocora.Testing;

namespace Allocora.EndToEnd.Tests;

/// <summary>Every endpoint the running hosts name, asked by everybody, in every workspace: all answer as the table of permissions says.</summary>
[Collection(nameof(SharedSystem))]
public sealed partial class Everybody_at_every_endpoint(SharedSystem system)
{
    private const int AtATime = 8;

    // Of the right form, and of nobody.
    private static readonly Dictionary<string, string> Nothing = new()
    {
        ["id"] = $"key_{new string('0', 26)}",
        ["person"] = $"usr_{new string('0', 26)}",
        ["session"] = $"ses_{new string('0', 26)}",
        ["token"] = $"inv_{new string('0', 26)}_nothing",
        ["Token"] = $"inv_{new string('0', 26)}_nothing",
        ["sourceId"] = "nothing",
        ["source"] = $"src_{new string('0', 26)}",
        ["run"] = $"run_{new string('0', 26)}",
        ["letter"] = "dlt_000000000000",
        ["eventId"] = $"evt_{new string('0', 26)}",
    };

    [Fact]
    public async Task Is_answered_as_the_table_of_permissions_says()
    {
        var endpoints = await AllEndpoints();
        Assert.True(endpoints.Count > 60, $"only {endpoints.Count} endpoints were found");
        var table = ReadTable();
        var places = Places();
        var tries = new List<Try>();
        foreach (var caller in await Callers(table))
            foreach (var endpoint in endpoints)
                foreach (var place in endpoint.Route.Contains("{ws}", StringComparison.Ordinal) ? places : [new Place("", "", Whose.Nobodys)])
                    tries.Add(new(caller, endpoint, place));
        tries.RemoveAll(t => t.Endpoint.SendsCallerAway && t.Expected == 0);

        var wrong = new ConcurrentQueue<string>();
        var missing = new ConcurrentDictionary<string, ConcurrentBag<string>>();
        await Parallel.ForEachAsync(tries, new ParallelOptions { MaxDegreeOfParallelism = AtATime }, async (attempt, ct) =>
        {
            var seen = await Seen(attempt, ct);
            if (WhatIsWrong(attempt, seen) is { } why) wrong.Enqueue($"{attempt.Caller.Name,-12} {attempt.Endpoint.Method,-6} {seen.Path,-80} {why}");
            if (seen.Status == 404 && attempt.IsElsewhere)
                missing.GetOrAdd($"{attempt.Caller.Name} {attempt.Endpoint.Method} {attempt.Endpoint.Route}", _ => []).Add(seen.Comparable);
        });

        foreach (var (what, answers) in missing.Where(m => m.Value.Distinct().Count() > 1))
            wrong.Enqueue($"{what} differs: {string.Join(" | ", answers.Distinct())}");
        Assert.True(wrong.IsEmpty, $"{wrong.Count} of {tries.Count} are not as the table says:\n{string.Join("\n", wrong.Order().Take(60))}");
    }

    [Fact]
    public async Task At_a_service_itself_needs_the_token_of_the_gateway()
    {
        var asked = 0;
        foreach (var service in SharedSystem.AllServices.Where(s => s != "console"))
        {
            foreach (var endpoint in (await EndpointsOf(service)).Where(e => e.Access != "anyone"))
            {
                foreach (var (name, value) in new[] { ("X-Nothing", ""), ("Authorization", $"Bearer {system.Tokens["admin"]}"), ("Cookie",
                    system.Owner.Cookies) })
                {
                    using var request = new HttpRequestMessage(new(endpoint.Method), system.Inside(service) + PathOf(endpoint, system.Demo));
                    request.Headers.TryAddWithoutValidation(name, value);
                    using var answer = await system.Http.SendAsync(request);
                    Assert.True(answer.StatusCode == HttpStatusCode.Unauthorized, $"{service} {endpoint.Route} with {name}: {answer.StatusCode}");
                    asked++;
                }
            }
        }
        Assert.True(asked > 0, "no service has an endpoint");
    }

    private static string? WhatIsWrong(Try attempt, Answered seen)
    {
        var expected = attempt.Expected;
        if (seen.Status >= 500 || seen.Status == 429) return $"{seen.Status} {seen.Body}";
        // Where a person is led to sign in, the way back is their own words.
        var isLed = seen.Status == 302 && seen.Location.StartsWith("/sign-in", StringComparison.Ordinal);
        if (attempt.IsNoMember && !isLed && attempt.Place.Names.FirstOrDefault(name => seen.Everything.Contains(name, StringComparison.OrdinalIgnoreCase))
            is { } told)
            return $"{seen.Status} names {told}: {seen.Body}";
        var status = isLed && expected == 401 ? 401 : seen.Status;
        // Behind a catch-all the service decides; and whoever delivers for Paddle has its signature as the one credential.
        var isDecidedBehind = (status == 403 && attempt.Endpoint.IsCatchAll && seen.Body.Contains("insufficient-scope", StringComparison.Ordinal))
            || (status == 401 && attempt.Endpoint.Route.Contains("/webhooks/", StringComparison.Ordinal)
                && seen.Body.Contains("signature-invalid", StringComparison.Ordinal));
        if (expected == 0) return status is 401 or 403 && !isDecidedBehind ? $"{status}, and should be let in: {seen.Body}" : null;
        if (status != expected) return $"{status}, and should be {expected}: {seen.Body}";
        return expected == 403 && attempt.Endpoint.Method != "HEAD" && !seen.Body.Contains(attempt.Endpoint.Access,
            StringComparison.Ordinal) ? $"403 does not name {attempt.Endpoint.Access}: {seen.Body}" : null;
    }

    private async Task<Answered> Seen(Try attempt, CancellationToken ct)
    {
        var (caller, endpoint) = (attempt.Caller, attempt.Endpoint);
        var path = PathOf(endpoint, attempt.Place.Name);
        using var request = new HttpRequestMessage(new(endpoint.Method), system.Console + path);
        if (caller.Key is { } key) request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        if (caller.Person is { } person)
        {
            request.Headers.Add("Cookie", person.Cookies);
            // Without it a form does nothing, so nobody here is signed out.
            if (path.StartsWith("/api/", StringComparison.Ordinal)) request.Headers.Add("X-CSRF-Token", person.FormToken);
        }
        if (endpoint.Method is "POST" or "PUT" or "PATCH")
            request.Content = path.StartsWith("/api/", StringComparison.Ordinal) ? JsonContent.Create(new { }) : new FormUrlEncodedContent([]);
        using var response = await system.Http.SendAsync(request, ct);
        return await Answered.Of(path, response, ct);
    }

    private static string PathOf(Endpoint endpoint, string workspace) => Parameter().Replace(endpoint.Route, found => found.Groups[1].Value switch
    {
        "ws" => workspace,
        "rest" => "nothing",
        var name => Nothing[name],
    });

    private async Task<List<Endpoint>> AllEndpoints()
    {
        var found = new List<Endpoint>();
        var behind = new List<Endpoint>();
        foreach (var service in SharedSystem.AllServices) (service == "console" ? found : behind).AddRange(await EndpointsOf(service));
        // The gateway knows of these only where they begin; the service says who may do what.
        var reachable = behind.Where(b => found.Exists(f => f.IsCatchAll && f.Method == b.Method
            && b.Route.StartsWith(f.Route[..f.Route.IndexOf("/{**rest}", StringComparison.Ordinal)], StringComparison.Ordinal)));
        // Behind those nobody answers yet, so they are all alike: a few of them, with every method, unless there is time for all.
        var (alike, own) = (found.Where(f => f.IsCatchAll).ToList(), found.Where(f => !f.IsCatchAll));
        return [.. own, .. reachable, .. alike.Where((_, i) => TestSize.IsFull || i % 7 == 0)];
    }

    private async Task<List<Endpoint>> EndpointsOf(string service) =>
        [.. (await system.Http.GetFromJsonAsync<List<Endpoint>>($"{system.Inside(service)}/endpoints"))!
            .Select(e => e.Method == "*" ? e with { Method = "GET" } : e)];

    private List<Place> Places() =>
    [
        new(system.Demo, "demo", Whose.Ours), new("demo", system.Demo, Whose.Ours), new(system.Other, SharedSystem.OtherSlug, Whose.Others),
        new(SharedSystem.OtherSlug, system.Other, Whose.Others), new($"ws_{new string('0', 26)}", "", Whose.Nobodys), new("no-such-place", "", Whose.Nobodys),
    ];

    private async Task<List<Caller>> Callers(Dictionary<string, HashSet<string>> table)
    {
        var demo = SharedSystem.In(system.Demo);
        var callers = new List<Caller> { new("anonymous") };
        foreach (var (role, token) in system.Tokens)
            callers.Add(new($"{role} key") { Key = token, Permissions = table[role.TrimEnd('2')], Platform = role == "admin" ? ["workspaces.create"] : [] });
        var payee = await system.Invite(system.Owner, system.Demo, "payee", "Petra Payee");
        callers.Add(new("payee") { Person = payee, Permissions = table["payee"] });
        callers.Add(new("owner") { Person = system.Owner, Permissions = table["admin"], Platform = table["platform"] });

        var narrow = await system.IssueKey(system.Owner, system.Demo, "admin", ["workspace.read", "keys.write"]);
        callers.Add(new("narrowed key") { Key = narrow.Key, Permissions = ["workspace.read", "keys.write"] });
        var expired = await system.IssueKey(system.Owner, system.Demo, "admin");
        await system.Tell("console", "update console_access_v1.api_key set expires_at = now() - interval '1 second' where id = $1", expired.Id);
        callers.Add(new("expired key") { Key = expired.Key, IsKnown = false });
        var revoked = await system.IssueKey(system.Owner, system.Demo, "admin");
        await system.Owner.Ask(HttpMethod.Delete, $"{demo}/api-keys/{revoked.Id}");
        callers.Add(new("revoked key") { Key = revoked.Key, IsKnown = false });
        callers.Add(new("forged key") { Key = SharedSystem.Forge(system.Tokens["admin"]), IsKnown = false });
        callers.Add(new("strange key") { Key = system.StrangeKey, Home = Whose.Others, Permissions = table["admin"] });
        callers.Add(new("stranger") { Person = system.Stranger, Home = Whose.Others, Permissions = table["admin"] });
        return callers;
    }

    /// <summary>The permissions of each role, as a person reads them in the table.</summary>
    private static Dictionary<string, HashSet<string>> ReadTable()
    {
        var rows = File.ReadLines(Path.Combine(Repository.Root, "ServiceDefaults/Access/permissions.md")).Where(line => line.StartsWith('|'))
            .Select(line => line.Trim('|').Split('|').Select(cell => cell.Trim()).ToList()).ToList();
        var table = Enumerable.Range(1, rows[0].Count - 2)
            .ToDictionary(column => rows[0][column], column => rows.Skip(2).Where(row => row[column] == "✓").Select(row => row[0]).ToHashSet());
        Assert.Equal((10, true, false), (table["admin"].Count + table["viewer"].Count + 1, table["admin"].Contains("keys.write"),
            table["viewer"].Contains("keys.write")));
        return table;
    }

    [GeneratedRegex(@"\{\**(\w+)[^}]*\}")]
    private static partial Regex Parameter();

    private enum Whose
    {
        Ours,
        Others,
        Nobodys,
    }

    private sealed record Endpoint(string Method, string Route, string Access)
    {
        public bool IsCatchAll => Route.Contains("/{**rest}", StringComparison.Ordinal);

        /// <summary>Who is let in there leaves the workspace, and is of no more use.</summary>
        public bool SendsCallerAway => Route.Contains("/members/me", StringComparison.Ordinal);
    }

    /// <param name="Name">As the path has it.</param>
    /// <param name="OtherName">The slug for an id, the id for a slug.</param>
    private sealed record Place(string Name, string OtherName, Whose Whose)
    {
        public IEnumerable<string> Names => new[] { Name, OtherName }.Where(name => name.Length > 0);
    }

    private sealed record Caller(string Name)
    {
        public string? Key { get; init; }
        public Guest? Person { get; init; }
        public bool IsKnown { get; init; } = true;
        public Whose Home { get; init; } = Whose.Ours;
        public HashSet<string> Permissions { get; init; } = [];
        public HashSet<string> Platform { get; init; } = [];
    }

    private sealed record Try(Caller Caller, Endpoint Endpoint, Place Place)
    {
        private bool IsAnybody => Caller.IsKnown && (Caller.Key is not null || Caller.Person is not null);

        public bool IsElsewhere => Place.Whose != Caller.Home;

        public bool IsNoMember => Place.Name.Length > 0 && (IsElsewhere || !IsAnybody);

        /// <summary>0 when the caller is let in, whatever the endpoint then says to what it is sent.</summary>
        public int Expected => Endpoint.Access switch
        {
            "anyone" => 0,
            _ when !IsAnybody => 401,
            "signed-in" => 0,
            _ when Place.Name.Length == 0 => Caller.Platform.Contains(Endpoint.Access) ? 0 : 403,
            _ when IsElsewhere => 404,
            "members" => 0,
            var permission => Caller.Permissions.Contains(permission) ? 0 : 403,
        };
    }

    private sealed record Answered(string Path, int Status, string Location, string Body, string Headers)
    {
        public string Everything => $"{Headers} {Body}";

        /// <summary>Without what is different each time.</summary>
        public string Comparable => $"{Varying().Replace(Body, "")} {Headers}";

        public static async Task<Answered> Of(string path, HttpResponseMessage response, CancellationToken ct)
        {
            string[] varying = ["Date", "Request-Id", "RateLimit", "traceparent"];
            var headers = new StringBuilder();
            foreach (var (name, values) in response.Headers.Concat(response.Content.Headers).Where(h => !varying.Contains(h.Key)))
                headers.Append(name).Append(": ").AppendJoin(", ", values).Append('\n');
            return new(path, (int)response.StatusCode, response.Headers.Location?.ToString() ?? "", await response.Content.ReadAsStringAsync(ct), $"{headers}");
        }

        private static Regex Varying() => new("\"requestId\":\"[^\"]*\"");
    }
}
