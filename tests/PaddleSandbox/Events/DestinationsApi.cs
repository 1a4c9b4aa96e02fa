using System.Text.Json;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Events;

/// <summary>Notification settings: listed, read, made, changed, removed.</summary>
internal static class DestinationsApi
{
    private const string Path = "/notification-settings", One = Path + "/{id}", Write = "notification_setting.write", Read = "notification_setting.read";
    private static readonly string[] Sources = ["platform", "simulation", "all"], YesOrNo = ["true", "false"];

    private static readonly string[] Changeable =
        ["description", "destination", "active", "api_version", "include_sensitive_fields", "subscribed_events", "traffic_source"];

    public static void MapDestinations(this IEndpointRouteBuilder routes, Account account, Destinations destinations, EventLog log)
    {
        routes.Read(Path, Read, http =>
        {
            var shelf = new ListShelf([.. destinations.All.Select(one => one.Json())]);
            return new Listing(new Collection("ntfset", shelf), 200, 200, ["id"],
                [new("active", Takes.One, YesOrNo), new("traffic_source", Takes.One, Sources)]).Run(http, account);
        });
        routes.Read(One, Read, http => Answer.Ok(destinations.Existing(http.Id()).Json()), takes: []);
        routes.Write("POST", Path, Write, account, (_, body, now) =>
        {
            var id = account.NewId("ntfset", now);
            var made = destinations.Save(Made(id, destinations.NewSecret(id), body));
            log.Follow(now);
            return Answer.Created(made.Json());
        });
        routes.Write("PATCH", One, Write, account, (http, body, _) =>
        {
            var was = destinations.Existing(http.Id());
            Known(body, Changeable);
            return Answer.Ok(destinations.Save(Checked(Changed(was, body))).Json());
        });
        routes.Act("DELETE", One, Write, account, (http, _) =>
        {
            destinations.Remove(http.Id());
            if (destinations.All.Count == 0) log.Unfollow();
            return new Answer(204, null);
        });
    }

    private static Destination Made(string id, string secret, JsonObject body)
    {
        Known(body, ["type", .. Changeable]);
        var empty = new Destination(id, secret)
        {
            Type = body.Needed("type", ["url", "email"]),
            Description = body.Needed("description"),
            Address = body.Needed("destination"),
            Events = body.Array("subscribed_events") is null ? throw Refused.Invalid("subscribed_events", "is required") : [],
        };
        return Checked(Changed(empty, body));
    }

    private static Destination Changed(Destination was, JsonObject body) => was with
    {
        Description = body.Text("description") ?? was.Description,
        Address = body.Text("destination") ?? was.Address,
        IsActive = body.Flag("active") ?? was.IsActive,
        ApiVersion = body.Whole("api_version") ?? was.ApiVersion,
        HasSensitiveFields = body.Flag("include_sensitive_fields") ?? was.HasSensitiveFields,
        Events = Names(body) ?? was.Events,
        Traffic = body.Text("traffic_source", Sources) ?? was.Traffic,
    };

    private static Destination Checked(Destination one)
    {
        if (one.Description.Length is 0 or > 500) throw Refused.Invalid("description", "must have 1 to 500 characters");
        if (one.Address.Length is 0 or > 2048) throw Refused.Invalid("destination", "must have 1 to 2048 characters");
        if (one.ApiVersion != 1) throw Refused.Invalid("api_version", "must be 1");
        var isWeb = Uri.TryCreate(one.Address, UriKind.Absolute, out var address) && address.Scheme is "http" or "https";
        if (one.Type == "url" && !isWeb) throw Wrong("url_notification_setting_incorrect", "must be an http or https URL");
        if (one.Type == "email" && one.Address.IndexOf('@') is not > 0) throw Wrong("email_notification_setting_incorrect", "must be an email address");
        return one;
    }

    private static Refused Wrong(string code, string message) => new(400, code, "Invalid request.", new FieldError("destination", message));

    private static void Known(JsonObject body, string[] fields)
    {
        if (body.FirstOrDefault(one => !fields.Contains(one.Key)).Key is { } unknown) throw Refused.Invalid(unknown, "cannot be set");
    }

    private static string[]? Names(JsonObject body)
    {
        if (body.Array("subscribed_events") is not { } given) return null;
        if (given.Count == 0) throw Refused.Invalid("subscribed_events", "must name one event type or more");
        var names = new List<string>();
        for (var at = 0; at < given.Count; at++)
        {
            var isKnown = given[at]?.GetValueKind() is JsonValueKind.String && EventTypes.Has((string)given[at]!);
            names.Add(isKnown ? (string)given[at]! : throw Refused.Invalid($"subscribed_events[{at}]", "must be the name of an event type"));
        }
        return [.. names.Distinct()];
    }
}
