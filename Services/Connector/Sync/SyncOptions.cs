using System.ComponentModel.DataAnnotations;

namespace Allocora.Connector;

public sealed class SyncOptions
{
    /// <summary>Who works on a source and is not heard of for so long has lost it.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")] public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    [Range(1, 256)] public int RunsAtOnce { get; init; } = 32;

    /// <summary>How much earlier than where the last run began the next one begins. What is read twice costs a row in the log.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "2.00:00:00")] public TimeSpan Overlap { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How often all adjustments and the whole catalogue are read, whatever else was found.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")] public TimeSpan SweepEvery { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How often in a row Paddle may fail to answer before a run is given up.</summary>
    [Range(1, 1000)] public int FailuresMax { get; init; } = 20;
}
