using System.Text.Json;

namespace Allocora.Connector;

/// <summary>What came of one call that tries a key.</summary>
internal enum Tried
{
    Answered,

    /// <summary>The key is no good, whatever it asks for.</summary>
    KeyRefused,

    /// <summary>The key is good and may not do this.</summary>
    Forbidden,

    /// <summary>Paddle does not find what was asked for.</summary>
    NotThere,

    /// <summary>Paddle says something else than yes or no.</summary>
    Unclear,

    /// <summary>Paddle does not answer now.</summary>
    Away,
}

/// <param name="Detail">What to do about it.</param>
internal sealed record TriedCall(Tried Outcome, string Detail, JsonElement Body);

/// <summary>Calls that find out about a key rather than read sales: whatever comes of one is an answer.</summary>
internal sealed class AskPaddle(PaddleClient paddle)
{
    public async Task<TriedCall> Try(PaddleAccess access, string path, CancellationToken ct)
    {
        try
        {
            var answer = await paddle.Get(access, Urgency.Interactive, path, ct);
            using var body = JsonDocument.Parse(answer.Body);
            return new(Tried.Answered, "", body.RootElement.Clone());
        }
        catch (PaddleRefusedException e) when (e.IsAboutTheKey)
        {
            return Said(Tried.KeyRefused, "Paddle does not take this key: it is unknown, revoked, expired, or of the other environment. Create a new one.");
        }
        catch (PaddleRefusedException e) when (e.IsAboutPermission)
        {
            return Said(Tried.Forbidden, "The key may not do this.");
        }
        catch (PaddleRefusedException e)
        {
            return Said(e.Status == StatusCodes.Status404NotFound ? Tried.NotThere : Tried.Unclear, $"Paddle answers {e.Status} ({e.Code}).");
        }
        catch (PaddleUnavailableException e)
        {
            return Said(Tried.Away, e is { Code: "rate-limited", ComeBackIn: { } wait }
                ? $"Paddle takes 240 calls a minute from one address, and these are used up. Try again in {Math.Ceiling(wait.TotalSeconds):0} s."
                : "Paddle does not answer now. Try again in a minute.");
        }
        catch (Exception e) when (e is PaddleNonsenseException or JsonException)
        {
            return Said(Tried.Away, "What answers in Paddle's place is not Paddle's API. Try again in a minute.");
        }
    }

    private static TriedCall Said(Tried outcome, string detail) => new(outcome, detail, default);
}
