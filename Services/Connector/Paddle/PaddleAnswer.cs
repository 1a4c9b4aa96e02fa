namespace Allocora.Connector;

/// <summary>Whose key a call carries, and on whose behalf it is made.</summary>
/// <param name="Environment">live or sandbox; it decides which of Paddle's two addresses is called.</param>
internal sealed record PaddleAccess(string Workspace, string Environment, Secret Key);

/// <summary>Who goes first when there are more calls than may be made.</summary>
internal enum Urgency
{
    /// <summary>A person waits for the answer.</summary>
    Interactive,

    /// <summary>Webhooks, and syncs that only fetch what is new.</summary>
    Incremental,

    /// <summary>A whole history.</summary>
    Bulk,
}

/// <summary>What Paddle answered to a call that it did.</summary>
/// <param name="At">By Paddle's own clock.</param>
internal sealed record PaddleAnswer(int Status, ReadOnlyMemory<byte> Body, DateTimeOffset At, string? RequestId);

/// <summary>Paddle understood the call and refuses it; it would refuse it again.</summary>
/// <param name="code">As Paddle names it, such as <c>forbidden</c> or <c>invalid_token</c>.</param>
internal sealed class PaddleRefusedException(int status, string code, string? requestId) : Exception($"Paddle answers {status} ({code}).")
{
    public int Status => status;

    public string Code => code;

    public string? RequestId => requestId;

    /// <summary>The key itself is no good (any more): unknown, revoked, expired, or of the other environment.</summary>
    public bool IsAboutTheKey => code is "invalid_token" or "authentication_malformed" or "authentication_missing" || status == 401;

    /// <summary>The key is good and may not do this.</summary>
    public bool IsAboutPermission => status == 403 && code == "forbidden";
}

/// <summary>Paddle does not answer now, or says to come back later.</summary>
/// <param name="code">For programs: <c>rate-limited</c>, <c>provider-error</c>, <c>provider-unreachable</c>, <c>provider-timeout</c>.</param>
/// <param name="comeBackIn">What Paddle asked for; null where it did not say.</param>
internal sealed class PaddleUnavailableException(string code, string sentence, TimeSpan? comeBackIn = null, Exception? cause = null)
    : Exception(sentence, cause)
{
    public string Code => code;

    public TimeSpan? ComeBackIn => comeBackIn;
}

/// <summary>An answer that cannot be what Paddle means to say. The run that got it stops; asked again it may be right.</summary>
/// <param name="code">For programs: <c>provider-invalid</c>, <c>provider-loop</c>, <c>provider-too-large</c>.</param>
internal sealed class PaddleNonsenseException(string code, string sentence, Exception? cause = null) : Exception(sentence, cause)
{
    public string Code => code;
}
