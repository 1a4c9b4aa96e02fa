namespace Allocora.PaddleSandbox.Api;

/// <summary>What is wrong with one field of a request.</summary>
internal readonly record struct FieldError(string Field, string Message);

/// <summary>A request the API refuses, with Paddle's status, code and sentence. The edge turns it into the error envelope.</summary>
internal sealed class Refused(int status, string code, string detail, params FieldError[] errors) : Exception(detail)
{
    public int Status => status;

    public string Code => code;

    public IReadOnlyList<FieldError> Errors => errors;

    /// <summary>Seconds for Retry-After, where Paddle sends it.</summary>
    public int? RetryAfter { get; init; }

    public static Refused Invalid(string field, string message) => new(400, "bad_request", "Invalid request.", new FieldError(field, message));

    public static Refused Unknown(string entity, string id) => new(404, "not_found", $"Entity {entity} {id} was not found.");
}
