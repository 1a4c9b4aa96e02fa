using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Allocora.Tidy;

/// <summary>Calls as they are written: names only, since a syntax tree knows no types.</summary>
internal static class Calls
{
    /// <summary>The name of what is called: Delay for <c>Task.Delay(1)</c>.</summary>
    public static string Callee(this InvocationExpressionSyntax call) => LastName(call.Expression);

    /// <summary>The last name of an expression: Factory for <c>Task.Factory</c>.</summary>
    public static string LastName(this ExpressionSyntax expression) => expression switch
    {
        MemberAccessExpressionSyntax access => access.Name.Identifier.ValueText,
        MemberBindingExpressionSyntax binding => binding.Name.Identifier.ValueText,
        ConditionalAccessExpressionSyntax maybe => maybe.WhenNotNull.LastName(),
        SimpleNameSyntax name => name.Identifier.ValueText,
        InvocationExpressionSyntax call => call.Callee(),
        _ => "",
    };

    /// <summary>Where <c>type.member</c> is written, qualified or not, called or not.</summary>
    public static IEnumerable<MemberAccessExpressionSyntax> Uses(this SourceFile file, string type, params string[] members) =>
        file.Nodes<MemberAccessExpressionSyntax>().Where(a => members.Contains(a.Name.Identifier.ValueText) && a.Expression.LastName() == type);

    public static bool HasAttribute(this MemberDeclarationSyntax member, params string[] names) =>
        member.AttributeLists.SelectMany(l => l.Attributes).Any(a => names.Contains(a.Name.ToString()));
}
