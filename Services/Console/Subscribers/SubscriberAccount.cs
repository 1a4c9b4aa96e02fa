using System.Security.Cryptography;
using System.Text;
using Allocora.Contracts.Messages;

namespace Allocora.Console;

/// <summary>What an account is called on the broker, and what it may do there.</summary>
/// <param name="Id">As <c>sub_…</c>.</param>
internal sealed record SubscriberAccount(string Workspace, string Id, string PasswordHash)
{
    public const string UserPrefix = "sub-", Nothing = "^$";
    private const string IdPrefix = "sub_";
    private const int SaltLength = 4;

    public string User => UserOf(Id);

    public string Configure => OwnOf(Id);

    public string Write => OwnOf(Id);

    public string Read => $"^({OwnOf(Id).Trim('^', '$')}|{Exchanges.Events.Replace(".", @"\.", StringComparison.Ordinal)})$";

    /// <summary>The broker holds a binding's key against it, wildcards and all: none may stand where the workspace does.</summary>
    public string Topics => $@"^{Workspace}\..*$";

    public static string UserOf(string id) => $"{UserPrefix}{id[IdPrefix.Length..]}";

    public static string IdOf(string user) => $"{IdPrefix}{user[UserPrefix.Length..]}";

    public static string QueuePrefixOf(string id) => $"sub.{id[IdPrefix.Length..]}.";

    /// <summary>As RabbitMQ has it: the salt, then SHA-256 of salt and password, in Base64.</summary>
    public static string HashOf(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltLength);
        return Convert.ToBase64String([.. salt, .. SHA256.HashData([.. salt, .. Encoding.UTF8.GetBytes(password)])]);
    }

    private static string OwnOf(string id) => $"^{QueuePrefixOf(id).Replace(".", @"\.", StringComparison.Ordinal)}.+$";
}
