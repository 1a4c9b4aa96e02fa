using System.Text.Json;

namespace Allocora.Connector;

/// <summary>How bodies of messages are written.</summary>
internal static class Messages
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.Strict };
}
