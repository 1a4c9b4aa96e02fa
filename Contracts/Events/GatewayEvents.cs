namespace Allocora.Contracts.Events;

/// <summary>A file was handed out, or begun to be.</summary>
/// <param name="Path">Without the query, which may hold what a person searched for.</param>
/// <param name="Service">Whose file it is.</param>
public sealed record Downloaded(string Path, string Service);
