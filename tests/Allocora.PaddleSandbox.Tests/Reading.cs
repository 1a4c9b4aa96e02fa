using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox;

internal static class Reading
{
    public static JsonObject Of(this JsonObject from, string field) => from[field]!.AsObject();
}
