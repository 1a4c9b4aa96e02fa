using Allocora.ServiceDefaults;

namespace Allocora.Console;

/// <summary>Where the forms of a workspace's pages go. The token each needs is asked for where all requests come in.</summary>
internal static class FormRoutes
{
    public static void MapForms(this IEndpointRouteBuilder routes)
    {
        var workspace = routes.MapGroup(WorkspaceName.Of($"/{{{WorkspaceName.Parameter}}}"));
        workspace.AddEndpointFilter((context, next) => Schemes.SessionOf(context.HttpContext.User) is null
            ? new(Problems.Refuse(StatusCodes.Status400BadRequest, "antiforgery", "Forms are for people with a session; a key goes to the API."))
            : next(context));
        SubmitMembers.Map(workspace);
        SubmitApiKeys.Map(workspace);
        SubmitApprovals.Map(workspace);
    }
}
