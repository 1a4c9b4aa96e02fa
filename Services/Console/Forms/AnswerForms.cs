using Allocora.Console.Components;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Allocora.Console;

/// <summary>On the endpoint of a form: the page of the workspace that has it, to which whoever had to confirm is led back.</summary>
internal sealed record FormOfPage(string Page)
{
    public string AddressIn(HttpContext http) => $"/{http.GetRouteValue(WorkspaceName.Parameter)}/{Page}";
}

/// <summary>What a form of a workspace answers: the page again, with a sentence that says what became of it.</summary>
internal static class AnswerForms
{
    private static readonly Dictionary<string, string> Sentences = new()
    {
        ["done"] = "It is done.",
        ["soon"] = "It is done, and shows here in a moment.",
        ["waiting"] = "It waits until another admin has approved it.",
        ["role"] = "The role is changed.",
        ["removed"] = "The member is removed, and their keys with them.",
        ["revoked"] = "It is revoked.",
        ["issued"] = "The key is issued. Its owner can collect it now.",
        ["approved"] = "It is approved, and done.",
        ["rejected"] = "It is rejected.",
        ["withdrawn"] = "It is withdrawn.",
    };

    public static string? SentenceOf(string? done) => done is null ? null : Sentences.GetValueOrDefault(done);

    /// <summary>Another address, to be asked for with GET, whatever this request was.</summary>
    public static void SeeOther(this HttpContext http, string address)
    {
        http.Response.Headers.Location = address;
        http.Response.StatusCode = StatusCodes.Status303SeeOther;
    }

    /// <param name="done">The word of the sentence that says it.</param>
    public static IResult Back<TPage>(this HttpContext http, Told told, string done) where TPage : IComponent
    {
        if (told.Refusal is { } refusal) return http.Again<TPage>(refusal);
        http.SeeOther($"{PageOf(http)}?done={(told.Waiting is not null ? "waiting" : told.IsShown ? done : "soon")}");
        return TypedResults.Empty;
    }

    public static IResult Again<TPage>(this HttpContext http, Refusal refusal) where TPage : IComponent =>
        http.Again<TPage>(Told.StatusOf(refusal), refusal.Sentence);

    public static IResult Again<TPage>(this HttpContext http, params IEnumerable<FieldError> wrong) where TPage : IComponent =>
        http.Again<TPage>(StatusCodes.Status400BadRequest, string.Join(' ', wrong.Select(error => error.Message)));

    /// <summary>What is shown once and kept nowhere stands in this answer alone, and in no address.</summary>
    public static IResult Once(this HttpContext http, string title, string sentence, string label, string secret) => Rendered<OncePage>(
        StatusCodes.Status200OK, new { Title = title, Sentence = sentence, Label = label, Secret = secret, Back = PageOf(http) });

    /// <summary>The same form, sent a second time by a reload, is the same command.</summary>
    public static Asking AskingOnce(this HttpContext http, string? form)
    {
        var asking = Asking.Of(http);
        return form is { Length: > 0 and <= 64 } ? asking with { Command = $"{http.Request.Method} {http.Request.Path} {asking.Person} form:{form}" } : asking;
    }

    private static string PageOf(HttpContext http) => http.GetEndpoint()!.Metadata.GetRequiredMetadata<FormOfPage>().AddressIn(http);

    private static RazorComponentResult<RefusedForm> Again<TPage>(this HttpContext http, int status, string sentence) where TPage : IComponent =>
        Rendered<RefusedForm>(status, new { Page = typeof(TPage), Sentence = sentence, Ws = $"{http.GetRouteValue(WorkspaceName.Parameter)}" });

    private static RazorComponentResult<T> Rendered<T>(int status, object parameters) where T : IComponent =>
        new(parameters) { StatusCode = status, PreventStreamingRendering = true };
}
