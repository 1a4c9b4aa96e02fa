using System.IO.Compression;
using System.Text;

namespace Allocora.Connector.Tests.Sources;

/// <summary>The forms in which a program may write a secret, and where it may have written it.</summary>
internal static class KeyForms
{
    // Everything in every table; bytes show as hexadecimal.
    public static async Task<string> Dump(this ConnectorDatabase database)
    {
        var dump = new StringBuilder();
        await using var tables = database.Owner.CreateCommand("select tablename from pg_tables where schemaname = 'connector'");
        await using var reader = await tables.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            dump.Append(await database.Ask($"select string_agg(t::text, chr(10)) from {reader.GetString(0)} as t")).Append('\n');
        return dump.ToString();
    }

    // Of a text inside another, Base64 shows in one of three ways, by where it begins; what is cut off at the ends depends on what stands beside it.
    public static IEnumerable<string> Of(string secret)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);
        yield return secret;
        yield return secret[20..];
        yield return Uri.EscapeDataString(secret);
        yield return Convert.ToHexStringLower(bytes);
        yield return Convert.ToHexStringLower(Encoding.Unicode.GetBytes(secret));
        yield return Convert.ToHexStringLower(Encoding.BigEndianUnicode.GetBytes(secret));
        yield return Encoding.Latin1.GetString(Encoding.Unicode.GetBytes(secret));
        foreach (var shift in new[] { 0, 1, 2 })
        {
            var base64 = Convert.ToBase64String([.. new byte[shift], .. bytes])[4..^4];
            yield return base64;
            yield return base64.Replace('+', '-').Replace('/', '_');
        }
        using var zipped = new MemoryStream();
        using (var zip = new GZipStream(zipped, CompressionLevel.Optimal, leaveOpen: true)) zip.Write(bytes);
        yield return Convert.ToBase64String(zipped.ToArray())[16..];
        yield return Convert.ToHexStringLower(zipped.ToArray())[24..];
    }
}
