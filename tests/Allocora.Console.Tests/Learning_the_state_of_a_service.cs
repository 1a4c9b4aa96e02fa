using Allocora.Contracts.Api;
using Allocora.ServiceDefaults;

namespace Allocora.Console.Tests;

public sealed class Learning_the_state_of_a_service
{
    private static readonly DateTimeOffset Start = new(2026, 10, 31, 14, 0, 0, TimeSpan.Zero), Now = Start.AddMinutes(5);
    private static readonly ServiceStatus NotAsked = ServiceAnswer.NotAsked("ledger", Start);
    private static readonly ServiceStatus WasReady = new("ledger", "ready", Start, "1.2.3", [new("ledger", true, null)]);

    [Fact]
    public void Before_it_was_ever_asked_it_is_unreachable_since_the_watch_began() =>
        Assert.Equal(("unreachable", Start, null), (NotAsked.State, NotAsked.Since, NotAsked.Version));

    [Theory]
    [InlineData("ready")]
    [InlineData("not-ready")]
    [InlineData("draining")]
    public void A_service_that_answers_is_believed_about_its_state_and_since_when(string state)
    {
        var said = Start.AddMinutes(-3);

        var learnt = ServiceAnswer.Merge(WasReady, Says(state, said), Now);

        Assert.Equal((state, said), (learnt.State, learnt.Since));
    }

    [Fact]
    public void A_state_it_has_no_word_for_is_not_taken_for_ready() =>
        Assert.Equal("not-ready", ServiceAnswer.Merge(WasReady, Says("warming-up", Start), Now).State);

    [Fact]
    public void What_it_waits_for_is_told_with_the_reason_and_what_is_well_without_one()
    {
        var learnt = ServiceAnswer.Merge(WasReady,
            Says("not-ready", Start, new("ledger", true, "fine"), new("rabbitmq", false, "RabbitMQ does not answer.")), Now);

        Assert.Equal([new("ledger", true, null), new("rabbitmq", false, "RabbitMQ does not answer.")], learnt.Dependencies);
    }

    [Fact]
    public void When_it_stops_answering_it_is_unreachable_from_now_and_keeps_its_version()
    {
        var learnt = ServiceAnswer.Merge(WasReady, Silence, Now);

        Assert.Equal(("unreachable", Now, "1.2.3"), (learnt.State, learnt.Since, learnt.Version));
        Assert.Empty(learnt.Dependencies);
    }

    [Fact]
    public void While_it_stays_silent_the_moment_it_was_lost_does_not_move()
    {
        var lost = ServiceAnswer.Merge(WasReady, Silence, Start.AddMinutes(1));

        Assert.Equal(Start.AddMinutes(1), ServiceAnswer.Merge(lost, Silence, Now).Since);
    }

    [Fact]
    public void One_that_never_answered_is_unreachable_since_the_watch_began() =>
        Assert.Equal(Start, ServiceAnswer.Merge(NotAsked, Silence, Now).Since);

    [Fact]
    public void A_new_version_replaces_the_old_one_and_an_untold_version_does_not()
    {
        Assert.Equal("1.3.0", ServiceAnswer.Merge(WasReady, Says("ready", Start) with { Version = "1.3.0" }, Now).Version);
        Assert.Equal("1.2.3", ServiceAnswer.Merge(WasReady, Says("ready", Start) with { Version = null }, Now).Version);
    }

    [Fact]
    public void One_that_tells_its_version_but_not_whether_it_is_ready_is_not_ready_and_not_unreachable()
    {
        var half = new ServiceAnswer(null, "1.2.3", "No answer within 1 s.");

        var learnt = ServiceAnswer.Merge(WasReady, half, Start.AddMinutes(1));

        Assert.Equal(("not-ready", Start.AddMinutes(1)), (learnt.State, learnt.Since));
        Assert.Equal([new("readiness", false, "No answer within 1 s.")], learnt.Dependencies);
        Assert.Equal(Start.AddMinutes(1), ServiceAnswer.Merge(learnt, half, Now).Since);
    }

    private static ServiceAnswer Silence => new(null, null, "Connection refused");

    private static ServiceAnswer Says(string state, DateTimeOffset since, params ReadinessCheck[] checks) =>
        new(new("ledger", state, since, checks), "1.2.3", "");
}
