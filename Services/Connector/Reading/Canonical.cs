using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using Allocora.Contracts;

namespace Allocora.Connector;

/// <summary>The one form in which what counts is written, to be hashed and to be told. Another form is another revision of everything.</summary>
internal static class Canonical
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = false,
    };

    // When Paddle last touched an object says nothing about what counts in it, and what adjustments have made of it they say themselves.
    public static byte[] RevisionOf(PaddleTransaction transaction) => Hash(transaction with { UpdatedAt = default, AdjustedTotal = null });

    public static byte[] RevisionOf(PaddleAdjustment adjustment) => Hash(adjustment with { UpdatedAt = null });

    private static byte[] Hash<T>(T record) => SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(record, Json));
}
