using System.Buffers.Text;
using System.Security.Claims;
using System.Text.Json;

namespace Allocora.Console.Tests;

public sealed class What_is_believed_at_the_door
{
    private static readonly byte[] Key = Convert.FromBase64String(Visitor.LinkKey);

    [Fact]
    public void A_token_in_which_anything_was_changed_opens_as_nothing()
    {
        var token = LinkToken.New(TimeProvider.System.GetUtcNow().AddMinutes(5), "Mara").Make(Key);
        var bytes = Base64Url.DecodeFromChars(token);

        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var other = (byte[])bytes.Clone();
            other[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Null(LinkToken.Open(Key, Base64Url.EncodeToString(other)));
        }
        for (var length = 0; length < bytes.Length; length++)
            Assert.Null(LinkToken.Open(Key, Base64Url.EncodeToString(bytes.AsSpan(0, length))));
        Assert.Null(LinkToken.Open(new byte[32], token));
        Assert.Null(LinkToken.Open(Key, "no Base64 at all?"));
        Assert.Equal(("owner", "Mara"), (LinkToken.Open(Key, token)!.Subject, LinkToken.Open(Key, token)!.Name));
    }

    [Theory]
    [InlineData("/status?a=b", "/status?a=b")]
    [InlineData(null, "/")]
    [InlineData("", "/")]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("/\t/evil.example", "/")]
    [InlineData("/a\\b", "/")]
    [InlineData("/\r\nLocation: https://evil.example", "/")]
    [InlineData("https://evil.example", "/")]
    [InlineData("javascript:alert(1)", "/")]
    [InlineData("status", "/")]
    public void Nothing_leads_out_of_the_console(string? asked, string led) => Assert.Equal(led, LocalPath.Of(asked));

    [Fact]
    public void A_way_that_is_too_long_for_a_header_leads_to_the_start()
    {
        Assert.Equal(2000, LocalPath.Of($"/{new string('a', 1999)}").Length);
        Assert.Equal("/", LocalPath.Of($"/{new string('a', 2000)}"));
    }

    [Theory]
    [InlineData("issuer", "https://id.example", null)]
    [InlineData("issuer", "https://evil.example", "another name")]
    [InlineData("issuer", "https://id.example/", "another name")]
    [InlineData("issuer", null, "is null")]
    [InlineData("authorization_endpoint", "http://id.example/a", "authorization_endpoint")]
    [InlineData("token_endpoint", "http://127.0.0.1/t", "token_endpoint")]
    [InlineData("userinfo_endpoint", "/u", "userinfo_endpoint")]
    public void A_discovery_document_is_believed_about_the_authority_and_over_https(string name, string? value, string? why)
    {
        var document = new Dictionary<string, string?>
        {
            ["issuer"] = "https://id.example",
            ["authorization_endpoint"] = "https://id.example/a",
            ["token_endpoint"] = "https://id.example/t",
            ["userinfo_endpoint"] = "https://id.example/u",
            [name] = value,
        };
        var refusal = Record.Exception(() => OidcDiscovery.Read(JsonSerializer.Serialize(document), "https://id.example", isDevelopment: false));

        if (why is null) Assert.Null(refusal);
        else Assert.Contains(why, Assert.IsType<OidcException>(refusal).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"issuer":7}""")]
    public void A_discovery_document_that_cannot_be_read_is_none(string document) =>
        Assert.Throws<OidcException>(() => OidcDiscovery.Read(document, "https://id.example", isDevelopment: false));

    [Theory]
    [InlineData("""{"sub":"s1","name":"Mara","email":"m@example.com","email_verified":true}""",
        """{"sub":"s1","auth_time":5}""", "sub=s1 name=Mara email=m@example.com auth_time=5")]
    [InlineData("""{"sub":"s1","email":"m@example.com"}""", null, "sub=s1 name=s1")]
    [InlineData("""{"sub":"s1","email":"m@example.com","email_verified":false}""", null, "sub=s1 name=s1")]
    [InlineData("""{"name":"Mara"}""", null, null)]
    [InlineData("""{"sub":7}""", null, null)]
    [InlineData("""{"sub":"s1"}""", """{"sub":"s2"}""", null)]
    public void Of_a_person_is_believed_what_the_provider_vouches_for(string info, string? token, string? claims)
    {
        var identity = new ClaimsIdentity();
        JsonElement? said = token is null ? null : JsonDocument.Parse(token).RootElement;
        void Read() => OidcHandler.Claims(identity, JsonDocument.Parse(info).RootElement, said);

        if (claims is null) Assert.Throws<OidcException>(Read);
        else Read();
        if (claims is not null) Assert.Equal(claims, string.Join(' ', identity.Claims.Select(c => $"{c.Type}={c.Value}")));
    }
}
