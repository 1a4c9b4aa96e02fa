using System.Security.Cryptography;
using System.Text;
using Allocora.Contracts;

namespace Allocora.Ledger;

/// <summary>Names a fact after what it is about, so that the same fact has the same id whoever reads it out of the log, and when.</summary>
internal static class FactId
{
    /// <param name="environment">live or sandbox.</param>
    /// <param name="providerId">Of the transaction or adjustment.</param>
    /// <param name="part">Empty for the object itself; of what came to be said about it later, the version of its event in the stream.</param>
    public static string Of(string workspace, string environment, string providerId, string part) =>
        NewId.Of("fct", SHA256.HashData(Encoding.UTF8.GetBytes($"{workspace}\n{environment}\n{providerId}\n{part}")));
}
