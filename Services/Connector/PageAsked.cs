using Allocora.Contracts.Api;
using Allocora.ServiceDefaults;

namespace Allocora.Connector;

/// <summary>What of a list a request asks for: the newest first, by id, as ids sort by time.</summary>
internal sealed record PageAsked(int Limit, string? Before)
{
    private const int LimitMax = 200, LimitUsual = 50, CursorMax = 64;

    public static FieldError? WhatIsWrong(int? limit, string? cursor)
    {
        if (limit is < 1 or > LimitMax) return new("limit", $"Give a limit from 1 to {LimitMax}.");
        return cursor is not null && (cursor.Length > CursorMax || !cursor.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
            ? new("cursor", "This is no cursor of this list.")
            : null;
    }

    public static PageAsked Of(int? limit, string? cursor) => new(limit ?? LimitUsual, cursor);

    public Page<T> Page<T>(IReadOnlyList<T> found, Func<T, string> id) => found.Count > Limit
        ? new([.. found.Take(Limit)], new(id(found[Limit - 1]), HasMore: true))
        : new(found, new(NextCursor: null, HasMore: false));
}
