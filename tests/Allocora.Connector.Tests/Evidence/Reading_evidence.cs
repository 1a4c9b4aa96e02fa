using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Allocora.Contracts.Api;

namespace Allocora.Connector.Tests;

/// <summary>What was seen of one object, for whoever wants to know where a fact comes from.</summary>
public sealed class Reading_evidence
{
    private static readonly string Sale = Sample.Id("txn", 1);

    [Fact]
    public async Task Its_versions_with_their_differences_and_the_runs_that_saw_it()
    {
        await using var source = await SyncedSource.Connect("--transactions", "0");
        await source.Paddle("POST", "/objects", new JsonArray(Sample.Transaction(status: "paid")));
        var first = await source.Sync("full");
        await source.Paddle("PATCH", $"/objects/{Sale}", new JsonObject { ["status"] = "completed", ["invoice_number"] = null, ["a/b"] = 1 });
        var second = await source.Sync("full");
        var third = await source.Sync("full");
        var api = source.Connector.As("revenue.read");

        var evidence = (await api.GetFromJsonAsync<ObjectEvidence>($"{SyncedSource.Path}/sources/objects/{Sale}"))!;

        Assert.Equal(("sandbox", Sale, "transaction", source.Id, "completed", "counts"),
            (evidence.Environment, evidence.ProviderId, evidence.Kind, evidence.Source, evidence.Status, evidence.Standing));
        Assert.Equal(2, evidence.Versions.Count);
        Assert.Empty(evidence.Versions[0].Differences);
        Assert.Equal("paid", evidence.Versions[0].Payload.GetProperty("status").GetString());
        Assert.Equal(["/a~1b: - 1", "/invoice_number: 325-10290 -", "/status: paid completed"],
            evidence.Versions[1].Differences.Where(d => d.Pointer != "/updated_at").Select(Said).Order(StringComparer.Ordinal));
        Assert.Equal([(third.Id, "duplicate"), (second.Id, "accepted"), (first.Id, "accepted")], evidence.Sights.Select(s => (s.Run, s.Outcome)));
        Assert.Equal(evidence.Versions[1].Content, evidence.Sights[0].Content);
        Assert.Equal((false, false), (evidence.HasMoreVersions, evidence.HasMoreSights));
    }

    [Fact]
    public async Task Is_for_those_of_the_workspace_who_may_see_revenue()
    {
        await using var source = await SyncedSource.Connect("--transactions", "0");
        await source.Paddle("POST", "/objects", new JsonArray(Sample.Transaction()));
        await source.Sync("full");

        Assert.Equal(HttpStatusCode.OK, await Asked(source.Connector.As("revenue.read"), RunningConnector.Workspace, Sale));
        Assert.Equal(HttpStatusCode.Forbidden, await Asked(source.Connector.As("workspace.read"), RunningConnector.Workspace, Sale));
        Assert.Equal(HttpStatusCode.NotFound,
            await Asked(source.Connector.In(RunningConnector.OtherWorkspace, "revenue.read"), RunningConnector.OtherWorkspace, Sale));
        foreach (var other in new[] { Sample.Id("txn", 2), "%20", "a-b", new string('a', 65) })
            Assert.Equal(HttpStatusCode.NotFound, await Asked(source.Connector.As("revenue.read"), RunningConnector.Workspace, other));
    }

    [Theory]
    [InlineData("""{"a":1,"b":[1,2]}""", """{"a":1,"b":[1,2]}""", "")]
    [InlineData("""{"a":{"~":1}}""", """{"a":{"~":2}}""", "/a/~0: 1 2")]
    [InlineData("""{"a":[1,2,3]}""", """{"a":[1,4]}""", "/a/1: 2 4, /a/2: 3 -")]
    [InlineData("""{"a":[1]}""", """{"a":{"b":1}}""", """/a: [1] {"b":1}""")]
    [InlineData("""{"a":null}""", """{}""", "/a:  -")]
    [InlineData("""{}""", """{"a":{"b":1}}""", """/a: - {"b":1}""")]
    public void Differences_go_as_far_down_as_both_have_something(string before, string after, string differ) =>
        Assert.Equal(differ, string.Join(", ", Differences.Between(Json(before), Json(after)).Select(Said)));

    private static JsonElement Json(string text) => JsonSerializer.Deserialize<JsonElement>(text);

    private static string Said(PayloadDifference d) => $"{d.Pointer}: {(d.Before is { } was ? was : "-")} {(d.After is { } now ? now : "-")}".TrimEnd();

    private static async Task<HttpStatusCode> Asked(HttpClient api, string workspace, string id) =>
        (await api.GetAsync($"/api/v1/workspaces/{workspace}/sources/objects/{id}")).StatusCode;
}
