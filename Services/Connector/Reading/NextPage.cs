namespace Allocora.Connector;

/// <summary>
/// Where a list goes on. Paddle says it with a whole address, and an address is an order to send the key somewhere: of it only the id is
/// taken, and only if the rest is the very place the page came from.
/// </summary>
internal static class NextPage
{
    private const int LengthMax = 8 * 1024;
    private const string Key = "after=";

    /// <param name="baseUrl">What the page was asked of.</param>
    /// <param name="path">Below it, such as <c>/transactions</c>.</param>
    /// <param name="kindPrefix">Of the ids in the list, such as <c>txn</c>.</param>
    /// <exception cref="PaddleNonsenseException">It leads anywhere else, or nowhere.</exception>
    public static string After(string next, Uri baseUrl, string path, string kindPrefix)
    {
        // Letter by letter and not as an address: what is equal before anybody interprets it is equal to whoever does.
        var place = $"{baseUrl.GetLeftPart(UriPartial.Path).TrimEnd('/')}{path}?";
        if (next.Length > LengthMax || !next.StartsWith(place, StringComparison.Ordinal)) throw Elsewhere();
        string? id = null;
        foreach (var part in next[place.Length..].Split('&'))
        {
            if (!part.StartsWith(Key, StringComparison.Ordinal)) continue;
            id = id is null ? part[Key.Length..] : throw Elsewhere();
        }
        return id is not null && Field.IsId(id, kindPrefix) ? id : throw Elsewhere();
    }

    private static PaddleNonsenseException Elsewhere() =>
        new("provider-invalid", "Paddle says the next page is where no page of this list can be.");
}
