using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Allocora.AppHost.Tests;

/// <summary>Reads what <c>AppHost/Aspire/apphost.cs</c> says from its syntax, so that comments and layout do not count.</summary>
internal sealed class ApphostFile
{
    private readonly Dictionary<string, (string Kind, string Name)> variables = [];
    private readonly SortedSet<string> facts = new(StringComparer.Ordinal);

    private ApphostFile(string source)
    {
        foreach (var statement in CSharpSyntaxTree.ParseText(source).GetCompilationUnitRoot().Members.OfType<GlobalStatementSyntax>())
        {
            var declared = (statement.Statement as LocalDeclarationStatementSyntax)?.Declaration.Variables.Single();
            var calls = Calls(declared?.Initializer?.Value ?? (statement.Statement as ExpressionStatementSyntax)?.Expression);
            if (calls.Count > 0) Read(calls, declared?.Identifier.Text ?? "");
        }
    }

    public static IReadOnlySet<string> Facts(string source) => new ApphostFile(source).facts;

    // a.B(x).C(y) as [B(x), C(y)], with what B was called on.
    private static List<(string On, string Method, ArgumentListSyntax Arguments)> Calls(ExpressionSyntax? expression)
    {
        var calls = new List<(string, string, ArgumentListSyntax)>();
        while (expression is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax access } call)
        {
            calls.Insert(0, ((access.Expression as IdentifierNameSyntax)?.Identifier.Text ?? "", access.Name.Identifier.Text, call.ArgumentList));
            expression = access.Expression;
        }
        return calls;
    }

    private void Read(List<(string On, string Method, ArgumentListSyntax Arguments)> calls, string variable)
    {
        var (on, method, arguments) = calls[0];
        switch (method)
        {
            case "AddParameter" when Argument(arguments, 1, "secret") == "true":
                variables[variable] = ("secret", Argument(arguments, 0));
                return;
            case "AddPostgres":
                Server("postgres", "PostgreSQL", variable, arguments);
                break;
            case "AddRabbitMQ":
                Server("rabbitmq", "RabbitMQ", variable, arguments);
                break;
            case "AddDatabase":
                variables[variable] = ("database", Argument(arguments, 1, "databaseName"));
                facts.Add($"database {variables[variable].Name} on {variables[on].Name}");
                return;
            case "AddProject":
                variables[variable] = ("service", Argument(arguments, 0));
                facts.Add($"service {Argument(arguments, 0)} is {Argument(arguments, 1)[6..]}");
                break;
            default:
                return;
        }
        foreach (var (_, further, more) in calls.Skip(1)) ReadFurther(variables[variable].Name, further, more);
    }

    private void Server(string kind, string what, string variable, ArgumentListSyntax arguments)
    {
        variables[variable] = (kind, Argument(arguments, 0));
        var password = variables.GetValueOrDefault(Argument(arguments, 1, "password")).Kind == "secret" ? "a secret" : "no secret";
        facts.Add($"server {Argument(arguments, 0)} is {what} with {password} as password");
    }

    private void ReadFurther(string subject, string method, ArgumentListSyntax arguments)
    {
        var (kind, name) = variables.GetValueOrDefault(Argument(arguments, 0));
        switch (method)
        {
            case "WithReference" when kind == "service":
                facts.Add($"{subject} calls {name}");
                break;
            case "WithReference" when kind is not null:
                var connection = Argument(arguments, 1, "connectionName", name);
                facts.Add($"{subject} reads {(kind == "database" ? "database" : "server")} {name} as ConnectionStrings__{connection}");
                break;
            case "WaitFor":
                facts.Add($"{subject} waits for {(kind == "database" ? "database" : "server")} {name}");
                break;
            case "WaitForCompletion":
                facts.Add($"{subject} waits for the end of {name}");
                break;
            case "WithEnvironment":
                var (sort, secret) = variables.GetValueOrDefault(Argument(arguments, 1));
                facts.Add($"{subject} is told {Argument(arguments, 0)}={(sort == "secret" ? secret : Argument(arguments, 1))}");
                break;
            case "WithArgs":
                facts.Add($"{subject} is told {Argument(arguments, 0)}");
                break;
            case "WithManagementPlugin":
                facts.Add($"server {subject} has its management API");
                break;
            case "WithHttpHealthCheck":
                facts.Add($"{subject} is healthy when {Argument(arguments, 1, "endpointName", "http")} answers {Argument(arguments, 0)}");
                break;
            case "WithHttpEndpoint":
                facts.Add($"{subject} listens as {Argument(arguments, 0, "name", "http")} {Argument(arguments, 1, "env", "")}".TrimEnd());
                break;
            case "WithEndpoint" when $"{arguments}".Contains("IsExternal = true", StringComparison.Ordinal):
                facts.Add($"{subject} is public as {Argument(arguments, 0)}");
                break;
        }
    }

    /// <summary>A string's content, a literal or a variable's name; by name when it is named, else by place.</summary>
    private static string Argument(ArgumentListSyntax arguments, int place, string? name = null, string otherwise = "")
    {
        var found = arguments.Arguments.FirstOrDefault(a => a.NameColon is { } colon && colon.Name.Identifier.Text == name)
            ?? arguments.Arguments.Where(a => a.NameColon is null).ElementAtOrDefault(place);
        return found?.Expression switch
        {
            LiteralExpressionSyntax literal => literal.Token.ValueText,
            IdentifierNameSyntax identifier => identifier.Identifier.Text,
            InvocationExpressionSyntax call => Argument(call.ArgumentList, call.ArgumentList.Arguments.Count - 1), // of a path, the file
            _ => otherwise,
        };
    }
}
