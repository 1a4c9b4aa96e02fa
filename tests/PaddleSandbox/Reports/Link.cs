using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Reports;

/// <summary>The address of a report's file: whoever has it may download, for three minutes.</summary>
internal static class Link
{
    public const string Path = "/report-files/{file}";

    private const long Life = 3 * Instants.Minute;

    public static (string Url, long Expires) To(HttpRequest request, Account account, string report, string type, long created)
    {
        var expires = account.Clock.Now + Life;
        var number = 10_000 + Dice.Of(account.Options.Seed).For(Purpose.Report).Below(90_000);
        var file = $"{type}-{number}-{Instants.Time(created).ToString("yyyy-MM-dd-HH-mm-ss", CultureInfo.InvariantCulture)}.csv";
        return ($"{request.Scheme}://{request.Host}/report-files/{file}?report={report}&expires={expires}&signature={Sign(account, report, expires)}", expires);
    }

    /// <summary>The report the link is to. Refuses a link that is old or was not made here.</summary>
    public static string Open(HttpRequest request, Account account)
    {
        var (report, signature) = (request.Query["report"].ToString(), request.Query["signature"].ToString());
        if (!long.TryParse(request.Query["expires"], out var expires) || signature != Sign(account, report, expires))
            throw new Refused(403, "forbidden", "The link is not valid.");
        return expires > account.Clock.Now ? report : throw new Refused(403, "forbidden", "The link has expired.");
    }

    private static string Sign(Account account, string report, long expires) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(account.Keys.First.Token), Encoding.UTF8.GetBytes($"{report}:{expires}")));
}
