namespace Allocora.PaddleSandbox.Reports;

/// <summary>
/// The choices of the moment a report was made, while it is counted or written: history, which is worked out when it is looked at, is shown by these
/// and not by those of now.
/// </summary>
internal static class ChoicesOfThen
{
    private static readonly AsyncLocal<Choices?> Then = new();

    /// <summary>Null where nothing was said: those of now.</summary>
    public static Choices? Value => Then.Value;

    /// <summary>From here on until what this answers is disposed of, in this flow of calls and what it starts.</summary>
    public static IDisposable Are(Choices choices)
    {
        var before = new Before(Then.Value);
        Then.Value = choices;
        return before;
    }

    private sealed class Before(Choices? was) : IDisposable
    {
        public void Dispose() => Then.Value = was;
    }
}
