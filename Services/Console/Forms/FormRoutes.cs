namespace Allocora.Console;

/// <summary>Where the forms of a workspace's pages go. The token each needs is asked for where all requests come in.</summary>
internal static class FormRoutes
{
    public static void MapForms(this IEndpointRouteBuilder routes)
    {
        var workspace = routes.MapGroup(WorkspaceName.Of($"/{{{WorkspaceName.Parameter}}}"));
        SubmitMembers.Map(workspace);
        SubmitApiKeys.Map(workspace);
        SubmitApprovals.Map(workspace);
    }
}
