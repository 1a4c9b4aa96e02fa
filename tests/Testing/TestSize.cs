namespace Allocora.Testing;

/// <summary>How much a test with a figure does: the figure itself in <c>./allocora test full</c>, a twentieth of it otherwise.</summary>
public static class TestSize
{
    private const int Fraction = 20;

    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("ALLOCORA_TEST_SIZE") == "full";

    /// <param name="full">The figure the test is known by.</param>
    /// <param name="atLeast">Below this the test would prove nothing.</param>
    public static int Of(int full, int atLeast = 1) => IsFull ? full : Math.Max(full / Fraction, atLeast);

    public static TimeSpan Of(TimeSpan full, TimeSpan atLeast) => IsFull ? full : TimeSpan.FromTicks(Math.Max((full / Fraction).Ticks, atLeast.Ticks));
}
