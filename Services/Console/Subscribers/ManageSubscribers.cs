using Allocora.Contracts;
using Allocora.Contracts.Api;
using Allocora.Contracts.Events;
using Allocora.Contracts.Messages;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Allocora.Console;

/// <summary>Accounts on the broker, each of which hears one workspace: made by an admin, shown once.</summary>
internal static partial class ManageSubscribers
{
    private const string Path = "/api/v1/workspaces/{ws}/subscribers";
    private const int NameMax = 100;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost(Path, Add).RequirePermission(KeyRules.Write, freshSession: true).WithName("AddSubscriber");
        routes.MapGet(Path, List).RequirePermission("workspace.read").WithName("ListSubscribers");
        routes.MapPost($"{Path}/{{id}}/revoke", Revoke).RequirePermission(KeyRules.Write).WithName("RevokeSubscriber");
    }

    private static async Task<IResult> Add(
        AddSubscriberRequest body, SubscriberCommands commands, BrokerAccounts broker, BrokerPlace place, TimeProvider time, ILogger<SubscriberCommands> logger,
        HttpContext http, CancellationToken ct)
    {
        if (place.Admin is null) return NotConfigured();
        if (body.Name.Length > NameMax || string.IsNullOrWhiteSpace(body.Name) || body.Name.Any(char.IsControl))
            return Problems.Invalid(new FieldError("#/name", $"Give a name of 1 to {NameMax} characters."));
        var (workspace, asking, password) = (http.Workspace(), Asking.Of(http), ApiKeyText.NewSecret());
        var account = new SubscriberAccount(workspace, NewId.For("sub", time.GetUtcNow()), SubscriberAccount.HashOf(password));
        try
        {
            await broker.Check(ct);
        }
        catch (BrokerUnavailableException e)
        {
            Away(logger, e);
            return BrokerAway(http, "The broker does not answer. Nothing was done; try again.");
        }
        var added = new SubscriberAdded(account.Id, body.Name, account.PasswordHash);
        var told = await commands.Tell(workspace, asking, state => SubscriberRules.Add(state, added), ct);
        if (told.Refusal is { } refusal) return Told.Of(refusal);
        if (told.IsAgain) return Told.Of(Told.DoneBefore);
        try
        {
            // Once it is told it has to be done, also for a caller who has gone.
            await broker.Make(account, CancellationToken.None);
        }
        catch (BrokerUnavailableException e)
        {
            Away(logger, e);
            // Nobody has seen the password. The user, should there be one, is removed with those of other revoked accounts.
            await commands.Tell(workspace, asking with { Command = null }, state => SubscriberRules.Revoke(state, account.Id), CancellationToken.None);
            return BrokerAway(http, "The broker stopped answering, and what was begun was revoked. Add another, under another Idempotency-Key.");
        }
        return TypedResults.Json(new AddedSubscriber(
            account.Id, body.Name, account.User, password, place.Public?.ToString(), place.VirtualHost, Exchanges.Events,
            SubscriberAccount.QueuePrefixOf(account.Id), $"{workspace}.revenue.#"),
            statusCode: told.IsShown ? StatusCodes.Status201Created : StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> Revoke(
        string id, SubscriberCommands commands, BrokerAccounts broker, BrokerPlace place, ILogger<SubscriberCommands> logger, HttpContext http,
        CancellationToken ct)
    {
        if (place.Admin is null) return NotConfigured();
        try
        {
            await broker.Check(ct);
            // Told first: whoever makes missing users then knows not to make this one again.
            var told = await commands.Tell(http.Workspace(), Asking.Of(http), state => SubscriberRules.Revoke(state, id), ct);
            if (told.Refusal is { } refusal) return Told.Of(refusal);
            await broker.Remove(SubscriberAccount.UserOf(id), CancellationToken.None);
            return TypedResults.StatusCode(told.IsShown ? StatusCodes.Status204NoContent : StatusCodes.Status202Accepted);
        }
        catch (BrokerUnavailableException e)
        {
            Away(logger, e);
            return BrokerAway(http, "The broker does not answer, so the account may still work. Try again.");
        }
    }

    private static async Task<IResult> List(
        int? limit, string? cursor, BrokerPlace place, SubscriberReaders readers, HttpContext http, CancellationToken ct)
    {
        if (place.Admin is null) return NotConfigured();
        if (Paging.WhatIsWrong(limit, cursor) is { } wrong) return Problems.Invalid(new FieldError(wrong.Field, wrong.Message));
        var paging = Paging.Of(limit, cursor);
        var found = await readers.One.Read(http.Workspace(), (connection, _, ct) => Read(connection, paging, ct), ct);
        return TypedResults.Ok(paging.Page(found, s => s.Id));
    }

    private static async Task<List<ListedSubscriber>> Read(NpgsqlConnection connection, Paging paging, CancellationToken ct)
    {
        const string query = """
            select id, name, added_at, revoked_at from subscriber where ($1::text is null or id < $1) order by id desc limit $2
            """;
        await using var command = new NpgsqlCommand(query, connection);
        paging.AddTo(command);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var found = new List<ListedSubscriber>();
        while (await reader.ReadAsync(ct))
        {
            var id = reader.GetString(0);
            DateTimeOffset? revoked = await reader.IsDBNullAsync(3, ct) ? null : reader.GetFieldValue<DateTimeOffset>(3);
            found.Add(new(id, reader.GetString(1), SubscriberAccount.UserOf(id), SubscriberAccount.QueuePrefixOf(id), revoked is null ? "active" : "revoked",
                reader.GetFieldValue<DateTimeOffset>(2), revoked));
        }
        return found;
    }

    private static ProblemHttpResult NotConfigured() => Problems.Refuse(StatusCodes.Status409Conflict, "subscribers-not-configured",
        "Nobody makes accounts on the broker here. Set ConnectionStrings__rabbitmq_admin to its management API, with a user that may make users.");

    private static ProblemHttpResult BrokerAway(HttpContext http, string sentence)
    {
        http.Response.Headers.RetryAfter = "5";
        return Problems.Refuse(StatusCodes.Status503ServiceUnavailable, "broker-unavailable", sentence);
    }

    [LoggerMessage(LogLevel.Warning, "An account on the broker could not be made or removed")]
    private static partial void Away(ILogger logger, Exception e);
}
