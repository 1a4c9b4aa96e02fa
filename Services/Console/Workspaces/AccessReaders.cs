using Allocora.EventStore;

namespace Allocora.Console;

/// <summary>The two ways to read who may do what.</summary>
/// <param name="One">Sees the workspace it is told and no other; the database makes sure of it.</param>
/// <param name="All">Sees every workspace, for when it is not known yet which one is meant.</param>
internal sealed record AccessReaders(ProjectionReader One, ProjectionReader All);
