namespace Allocora.Tidy;

public sealed class TidyTests
{
    private static readonly Dictionary<string, Rule> Rules = new IEnumerable<Rule>[]
    {
        ProjectReferences.Rules,
        Packages.Rules,
        Sizes.Rules,
        BannedCalls.Rules,
        Faults.Rules,
        Shape.Rules,
        Noise.Rules,
        TestHabits.Rules,
        DeadFiles.Rules,
        Scripts.Rules,
        StoredForms.Rules,
    }.SelectMany(rules => rules).ToDictionary(r => r.Name);

    public static TheoryData<string> Names => [.. Rules.Keys];

    [Theory, MemberData(nameof(Names))]
    public void The_tree_keeps_the_rule(string rule)
    {
        var findings = Rules[rule].Check(SourceTree.Real).ToList();
        Assert.True(findings.Count == 0, string.Join('\n', findings));
    }

    [Theory, MemberData(nameof(Names))]
    public void The_rule_finds_what_is_planted_and_nothing_beside_it(string rule)
    {
        var (tree, marked) = Rules[rule].Plant();

        Assert.NotEmpty(marked);
        Assert.Equal(marked.Order(), Rules[rule].Check(tree).Select(f => $"{f.Path}:{f.Line}").Distinct().Order());
    }
}
