using System.Text.Json.Nodes;
using System.Xml;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.Events;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Control;

/// <summary>What a test does to the sandbox that nobody could do to Paddle.</summary>
internal static class ControlApi
{
    public static void MapControl(
        this IEndpointRouteBuilder routes, Account account, RateLimit limit, Counters counters, Faults faults, EventLog log, Destinations destinations)
    {
        routes.MapClock(account);
        routes.MapFaults(faults);
        routes.MapObjects(account);
        routes.MapTruth(account);
        routes.MapKeys(account);
        routes.MapGet("/counters", (RequestDelegate)(http => http.Say(counters.Json())));
        routes.MapDelete("/counters", (RequestDelegate)(http =>
        {
            counters.Clear();
            return http.Say(counters.Json());
        }));
        routes.MapGet("/choices", (RequestDelegate)(http => http.Say(Current(account))));
        routes.MapPost("/choices", (RequestDelegate)(async http =>
        {
            var wanted = await http.Fields();
            lock (account.Gate)
            {
                var choices = account.Choices;
                foreach (var (name, _) in wanted) choices = Chosen(choices, name, wanted.Needed(name));
                account.Choices = choices;
            }
            await http.Say(Current(account));
        }));
        routes.MapPost("/events", (RequestDelegate)(async http => await http.Say(Tell(account, log, await http.Fields()), 201)));
        routes.MapPut("/rate-limit", (RequestDelegate)(async http =>
        {
            var wanted = await http.Fields();
            limit.Set(wanted.Flag("enabled") ?? true, wanted.Whole("perMinute") is { } number and > 0 ? number : limit.PerMinute);
            await http.Say(new JsonObject { ["enabled"] = limit.IsEnabled, ["perMinute"] = limit.PerMinute });
        }));
        routes.MapPost("/notification-settings/{id}/rotate-secret", (RequestDelegate)(http =>
        {
            lock (account.Gate) return http.Say(destinations.Rotate(http.Id(), account.Clock.Now).Json());
        }));
    }

    private static readonly long Last = Instants.Parse("2200-01-01")!.Value;

    private static void MapClock(this IEndpointRouteBuilder routes, Account account)
    {
        routes.MapGet("/clock", (RequestDelegate)(http => http.Say(Clock(account))));
        routes.MapPost("/clock", (RequestDelegate)(async http =>
        {
            var wanted = await http.Fields();
            var (was, to) = (account.Clock.Now, long.MinValue);
            if (Time(wanted, "now") is { } given) to = given;
            if (wanted.Text("advance") is { } by) to = Math.Max(to, was) + Duration(by);
            if (to != long.MinValue && to < was) throw Refused.Invalid("now", "must not be in the past: time goes forward only");
            if (to > Last) throw Refused.Invalid("now", "must be before the year 2200");
            account.Clock.Set(to, wanted.Flag("frozen") ?? account.Clock.Frozen);
            account.CatchUp();
            await http.Say(Clock(account));
        }));
    }

    private static void MapFaults(this IEndpointRouteBuilder routes, Faults faults)
    {
        routes.MapGet("/faults", (RequestDelegate)(http => http.Say(Rules(faults))));
        routes.MapPost("/faults", (RequestDelegate)(async http =>
        {
            var given = await http.Json();
            var rules = given is JsonArray many ? many.ToArray() : [given];
            faults.Add([.. rules.Select(one => new Fault(one as JsonObject ?? throw new Refused(400, "bad_request", "A fault has to be an object.")))]);
            await http.Say(Rules(faults), 201);
        }));
        routes.MapDelete("/faults", (RequestDelegate)(http =>
        {
            faults.Clear();
            return http.Say(Rules(faults));
        }));
    }

    private static void MapObjects(this IEndpointRouteBuilder routes, Account account)
    {
        routes.MapPost("/objects", (RequestDelegate)(async http => await http.Say(new JsonObject { ["taken"] = await Objects.Take(http, account) }, 201)));
        routes.MapGet("/objects/{id}", (RequestDelegate)(http =>
        {
            var now = account.CatchUp();
            return http.Say(Objects.Existing(account, http.Id(), now).Row.Render(now));
        }));
        routes.MapPatch("/objects/{id}", (RequestDelegate)(async http => await http.Say(Objects.Change(account, http.Id(), await http.Fields()))));
    }

    private static void MapKeys(this IEndpointRouteBuilder routes, Account account)
    {
        routes.MapPost("/keys", (RequestDelegate)(async http =>
        {
            var wanted = await http.Fields();
            var permissions = wanted.Array("permissions") is { } given ? given.Select(one => $"{one}").ToArray() : Keys.Permissions;
            if (permissions.FirstOrDefault(one => !Keys.Permissions.Contains(one)) is { } unknown)
                throw Refused.Invalid("permissions", $"hold {unknown}, which there is not");
            var key = account.Keys.Issue(account.Options, permissions, Time(wanted, "expiresAt"));
            await http.Say(new JsonObject { ["id"] = key.Id, ["key"] = key.Token }, 201);
        }));
        routes.MapPost("/keys/{id}/revoke", (RequestDelegate)(http =>
        {
            var key = account.Keys.ById(http.Id()) ?? throw new Refused(404, "not_found", $"There is no key {http.Id()}.");
            account.Keys.Replace(key with { IsRevoked = true });
            return http.Say(new JsonObject { ["id"] = key.Id });
        }));
    }

    private static Choices Chosen(Choices choices, string name, string value)
    {
        try
        {
            return choices.With(name, value);
        }
        catch (ArgumentException wrong)
        {
            throw new Refused(400, "bad_request", wrong.Message);
        }
    }

    private static JsonObject Tell(Account account, EventLog log, JsonObject wanted)
    {
        var now = account.CatchUp();
        var (type, data) = (wanted.Needed("event_type"), wanted.Object("data") ?? throw Refused.Invalid("data", "is required"));
        var at = Time(wanted, "occurred_at") ?? now;
        lock (account.Gate) return new JsonObject { ["event_id"] = log.Tell(type, data, at) };
    }

    private static long? Time(JsonObject wanted, string field) =>
        wanted.Text(field) is { } text ? Instants.Parse(text) ?? throw Refused.Invalid(field, "must be a time of RFC 3339") : null;

    private static long Duration(string text)
    {
        try
        {
            return XmlConvert.ToTimeSpan(text).Ticks / TimeSpan.TicksPerMicrosecond;
        }
        catch (Exception wrong) when (wrong is FormatException or OverflowException)
        {
            throw Refused.Invalid("advance", "must be a duration of ISO 8601, PT36H for example");
        }
    }

    private static JsonObject Clock(Account account) => new() { ["now"] = Instants.Text(account.Clock.Now), ["frozen"] = account.Clock.Frozen };

    private static JsonObject Current(Account account) =>
        new(account.Choices.Current.Select(one => KeyValuePair.Create(one.Key, (JsonNode?)one.Value)));

    private static JsonObject Rules(Faults faults) => new() { ["faults"] = new JsonArray([.. faults.Rules.Select(one => one.Json())]) };
}
