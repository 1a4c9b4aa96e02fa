namespace Allocora.Connector;

/// <summary>Calls Paddle's API: within the budget all share, with nobody's key but the given one, and nowhere else.</summary>
internal sealed class PaddleClient
{
    /// <summary>One call, made once. What cannot be answered is an exception that says whose fault it is.</summary>
    /// <param name="pathAndQuery">Such as <c>/transactions?per_page=30</c>.</param>
    public Task<PaddleAnswer> Get(PaddleAccess access, Urgency urgency, string pathAndQuery, CancellationToken ct) => throw new NotSupportedException(pathAndQuery);

    /// <summary>Orders something, such as a report.</summary>
    public Task<PaddleAnswer> Post(PaddleAccess access, Urgency urgency, string path, string json, CancellationToken ct) => throw new NotSupportedException(path);
}
