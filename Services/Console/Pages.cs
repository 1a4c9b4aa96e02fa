using Allocora.Console.Components;
using Allocora.ServiceDefaults;

namespace Allocora.Console;

/// <summary>Pages are rendered on the server in one piece: no circuit, no framework script, no streaming.</summary>
internal static class Pages
{
    public static void AddPages(this WebApplicationBuilder builder)
    {
        builder.Services.AddRazorComponents();
        builder.Services.AddSingleton<AssetFiles>();
    }

    public static void MapPages(this WebApplication app)
    {
        app.MapMethods("/", [HttpMethods.Get, HttpMethods.Head], () => TypedResults.Redirect("/status")).AllowAnyone();
        app.MapRazorComponents<App>().AllowAnyone().Add(AnswerHead);
    }

    // The framework gives a page GET and POST; whoever may GET may ask for the headers alone.
    private static void AnswerHead(EndpointBuilder page)
    {
        var methods = page.Metadata.OfType<IHttpMethodMetadata>().LastOrDefault()?.HttpMethods ?? [];
        if (methods.Contains(HttpMethods.Get)) page.Metadata.Add(new HttpMethodMetadata([.. methods, HttpMethods.Head]));
    }
}
