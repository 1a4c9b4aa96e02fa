using System.Text.Json.Serialization;

namespace Allocora.Contracts.Api;

/// <summary>A part of a list.</summary>
public sealed record Page<T>(IReadOnlyList<T> Data, [property: JsonPropertyName("page")] PageEnd End);

/// <param name="NextCursor">Send it as <c>cursor</c>, with the same filters, to get what follows; null at the end.</param>
public sealed record PageEnd(string? NextCursor, bool HasMore);
