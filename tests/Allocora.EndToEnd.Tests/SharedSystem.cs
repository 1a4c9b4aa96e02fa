using System.Text;
using System.Text.Json;
using Npgsql;

namespace Allocora.EndToEnd.Tests;

[CollectionDefinition(nameof(SharedSystem))]
public sealed class OneSystem : ICollectionFixture<SharedSystem>;

/// <summary>
/// One running system for all tests that try it from outside: the demo's workspace, and another with people of its own, of whom
/// nobody belongs to the demo's.
/// </summary>
public sealed class SharedSystem : IAsyncLifetime
{
    private static readonly string[] Services = ["console", "connector", "ledger", "calculation", "statements"];
    private readonly FrontDoor door = new();
    private readonly List<Guest> guests = [];
    private JsonElement run;

    internal string Console { get; private set; } = "";

    internal HttpClient Http { get; } = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false });

    internal string Data => door.Data;

    /// <summary>The id of the demo's workspace, whose slug is <c>demo</c>.</summary>
    internal string Demo { get; private set; } = "";

    internal string Other { get; private set; } = "";

    internal const string OtherSlug = "elsewhere";

    /// <summary>The demo's API keys, by role.</summary>
    internal IReadOnlyDictionary<string, string> Tokens { get; private set; } = new Dictionary<string, string>();

    /// <summary>Whoever looks after this machine: platform admin, and admin of the demo's workspace.</summary>
    internal Guest Owner { get; private set; } = null!;

    /// <summary>An admin of the other workspace, and of no more.</summary>
    internal Guest Stranger { get; private set; } = null!;

    /// <summary>A second admin of it.</summary>
    internal Guest SecondStranger { get; private set; } = null!;

    /// <summary>The other workspace's auditor.</summary>
    internal Guest StrangeAuditor { get; private set; } = null!;

    /// <summary>Of the stranger, for the other workspace, with all an admin may.</summary>
    internal string StrangeKey { get; private set; } = "";

    /// <summary>Everything that was shown once and must not be kept in the clear.</summary>
    internal List<(string What, string Secret)> Secrets { get; } = [];

    public async Task InitializeAsync()
    {
        foreach (var limit in new[] { "Address", "Caller", "Workspace", "SignIn" }) door.Environment[$"Limits__{limit}"] = "10000000";
        door.Environment["DOTNET_hostBuilder__reloadConfigOnChange"] = "false";
        await door.Up();
        run = door.RunFile;
        (Console, Demo) = (run.GetProperty("console").GetString()!, run.GetProperty("workspace").GetString()!);
        Tokens = run.GetProperty("tokens").EnumerateObject().ToDictionary(t => t.Name, t => t.Value.GetString()!);
        Secrets.AddRange(Tokens.Select(t => ($"the key of the {t.Key}", t.Value)));

        Owner = await SignIn();
        var terms = new { slug = OtherSlug, name = "Elsewhere Records", currency = "EUR", timeZone = "Europe/Berlin" };
        Other = (await Owner.Ask(HttpMethod.Post, "/api/v1/workspaces", terms)).GetProperty("workspace").GetProperty("id").GetString()!;
        Stranger = await Invite(Owner, Other, "admin", "Vera Fremd");
        await Owner.Ask(HttpMethod.Delete, $"{In(Other)}/members/me");
        SecondStranger = await Invite(Stranger, Other, "admin", "Paul Fremd");
        StrangeAuditor = await Invite(Stranger, Other, "auditor", "Olga Fremd");
        StrangeKey = (await IssueKey(Stranger, Other, "admin", approvedBy: SecondStranger)).Key;
    }

    public async Task DisposeAsync()
    {
        foreach (var guest in guests) guest.Dispose();
        Http.Dispose();
        await door.DisposeAsync();
    }

    internal static string In(string workspace) => $"/api/v1/workspaces/{workspace}";

    internal string Inside(string service) => run.GetProperty("services").GetProperty(service).GetProperty("url").GetString()!;

    internal static IReadOnlyList<string> AllServices => Services;

    /// <summary>A superuser's connection string to a service's database.</summary>
    internal string Superuser(string database) => run.GetProperty("postgres").GetProperty(database).GetString()!;

    /// <summary>As a role signs in that the system made for its services.</summary>
    internal string AddressOf(string database, string role)
    {
        var secrets = JsonDocument.Parse(File.ReadAllText(Path.Combine(door.Data, "secrets.json"))).RootElement;
        var password = secrets.GetProperty($"role {role}").GetString();
        return new NpgsqlConnectionStringBuilder(Superuser(database)) { Username = role, Password = password, Pooling = false }.ConnectionString;
    }

    internal async Task<object?> Tell(string database, string statement, params object[] values)
    {
        await using var source = NpgsqlDataSource.Create(Superuser(database));
#pragma warning disable CA2100 // statements of the tests
        await using var command = source.CreateCommand(statement);
#pragma warning restore CA2100
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return await command.ExecuteScalarAsync();
    }

    /// <summary>Somebody who uses a fresh link of this machine.</summary>
    internal async Task<Guest> SignIn()
    {
        var guest = NewGuest();
        using var answer = await guest.SignIn(await Link());
        return Remember(guest);
    }

    internal async Task<string> Link()
    {
        var answer = await door.Run("link");
        Assert.Equal(0, answer.ExitCode);
        var link = answer.Output.Trim();
        Secrets.Add(("a link to sign in with", link[(link.IndexOf("t=", StringComparison.Ordinal) + 2)..]));
        return link;
    }

    /// <summary>Somebody new, who joins a workspace in a role.</summary>
    internal async Task<Guest> Invite(Guest by, string workspace, string role, string name)
    {
        var invite = await by.Ask(HttpMethod.Post, $"{In(workspace)}/invites", new { role });
        Assert.Equal("open", invite.GetProperty("state").GetString());
        var link = invite.GetProperty("link").GetString()!;
        Secrets.Add(("the secret of an invite", link[(link.LastIndexOf('_') + 1)..]));
        var guest = NewGuest();
        using var answer = await guest.Join(link, name);
        return Remember(guest);
    }

    /// <summary>A key of one's own, with the role's permissions or fewer of them.</summary>
    internal async Task<(string Id, string Key)> IssueKey(
        Guest by, string workspace, string role, string[]? permissions = null, Guest? approvedBy = null)
    {
        var issued = await by.Ask(HttpMethod.Post, $"{In(workspace)}/api-keys",
            new { name = $"Key of {role}", role, permissions, expiresAt = DateTimeOffset.UtcNow.AddDays(1) });
        var (id, key) = (issued.GetProperty("id").GetString()!, issued.GetProperty("key").GetString());
        if (approvedBy is not null)
        {
            var waits = (await approvedBy.Ask(HttpMethod.Get, $"{In(workspace)}/approvals")).GetProperty("data").EnumerateArray()
                .Single(a => a.GetProperty("id").GetString() == issued.GetProperty("approval").GetString());
            await approvedBy.Ask(HttpMethod.Post, $"{In(workspace)}/approvals/{waits.GetProperty("id").GetString()}/approve",
                new { contentHash = waits.GetProperty("contentHash").GetString() });
            key = (await by.Ask(HttpMethod.Post, $"{In(workspace)}/api-keys/{id}/collect", new { })).GetProperty("key").GetString();
        }
        Secrets.Add(($"a key of the role {role}", key!));
        return (id, key!);
    }

    internal Guest NewGuest()
    {
        guests.Add(new(Console));
        return guests[^1];
    }

    /// <summary>A key of the right form and checksum, with another secret.</summary>
    internal static string Forge(string key)
    {
        var secret = key[31] == 'a' ? 'b' : 'a';
        var text = $"{key[..31]}{secret}{key[32..^9]}";
        return $"{text}_{Checksum(text)}";
    }

    private Guest Remember(Guest guest)
    {
        Secrets.AddRange(guest.CookieValues.Select(value => ("a cookie", value)));
        return guest;
    }

    // CRC-32 as zip has it.
    private static string Checksum(string text)
    {
        var crc = uint.MaxValue;
        foreach (var letter in Encoding.ASCII.GetBytes(text))
        {
            crc ^= letter;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB88320;
        }
        return $"{~crc:x8}";
    }
}
