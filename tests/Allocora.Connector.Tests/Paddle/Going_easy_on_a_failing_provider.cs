using Allocora.Testing;

namespace Allocora.Connector.Tests;

public sealed class Going_easy_on_a_failing_provider
{
    private readonly ManualTime time = new();
    private readonly Breaker breaker;

    public Going_easy_on_a_failing_provider() => breaker = new Breaker(time);

    [Fact]
    public void Five_failures_in_a_row_end_the_calls_for_fifteen_seconds()
    {
        Fail(4);
        breaker.Enter();
        Fail(1);

        Assert.Equal(TimeSpan.FromSeconds(15), Refused());
        time.Advance(TimeSpan.FromSeconds(14));
        Assert.Equal(TimeSpan.FromSeconds(1), Refused());
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(Refused());
    }

    [Fact]
    public void An_answer_in_between_starts_the_count_anew()
    {
        Fail(4);
        breaker.Succeeded(breaker.Enter());
        Fail(4);

        Assert.Null(Refused());
    }

    [Fact]
    public void One_call_tries_whether_it_is_back_and_the_others_wait_for_it()
    {
        Fail(5);
        time.Advance(TimeSpan.FromSeconds(15));

        var trial = breaker.Enter();
        Assert.Equal(TimeSpan.FromSeconds(1), Refused());
        breaker.Succeeded(trial);

        Assert.Null(Refused());
        Fail(4);
        Assert.Null(Refused());
    }

    [Fact]
    public void Each_trial_that_fails_doubles_the_wait_up_to_two_minutes()
    {
        Fail(5);
        var waits = new List<double>();
        for (var trial = 0; trial < 5; trial++)
        {
            waits.Add(Refused()!.Value.TotalSeconds);
            time.Advance(Refused()!.Value);
            Fail(1);
        }

        Assert.Equal([15, 30, 60, 120, 120], waits);
        time.Advance(Refused()!.Value);
        breaker.Succeeded(breaker.Enter());
        Fail(5);
        Assert.Equal(TimeSpan.FromSeconds(15), Refused());
    }

    [Fact]
    public void A_trial_that_was_given_up_lets_another_try()
    {
        Fail(5);
        time.Advance(TimeSpan.FromSeconds(15));

        breaker.Abandoned(breaker.Enter());

        Assert.Null(Refused());
    }

    [Fact]
    public void Calls_that_began_before_it_opened_neither_close_nor_prolong_it()
    {
        var early = Enumerable.Range(0, 8).Select(_ => breaker.Enter()).ToList();
        foreach (var one in early.Take(5)) breaker.Failed(one);

        breaker.Failed(early[5]);
        breaker.Abandoned(early[6]);
        breaker.Succeeded(early[7]);

        Assert.Equal(TimeSpan.FromSeconds(15), Refused());
    }

    [Fact]
    public void Paddles_own_word_on_when_to_come_back_counts_at_once()
    {
        breaker.Failed(breaker.Enter(), TimeSpan.FromSeconds(90));

        Assert.Equal(TimeSpan.FromSeconds(90), Refused());
    }

    [Fact]
    public async Task A_provider_that_fails_is_not_called_again_soon()
    {
        await using var database = await ConnectorDatabase.Create();
        await using var server = await Server.Start(http =>
        {
            http.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        using var caller = new PaddleCaller(database, PaddleCaller.To(server.Url, patience: TimeSpan.FromDays(1)), time: time);

        for (var call = 0; call < 8; call++) await Assert.ThrowsAsync<PaddleUnavailableException>(() => caller.Get("/transactions"));
        Assert.Equal(5, server.Seen.Count);
        time.Advance(TimeSpan.FromSeconds(15));
        var gone = await Assert.ThrowsAsync<PaddleUnavailableException>(() => caller.Get("/transactions"));
        await Assert.ThrowsAsync<PaddleUnavailableException>(() => caller.Get("/transactions"));

        Assert.Equal(("provider-error", 6), (gone.Code, server.Seen.Count));
    }

    [Fact]
    public async Task Refusals_and_nonsense_are_answers()
    {
        await using var database = await ConnectorDatabase.Create();
        await using var server = await Server.Start(http =>
        {
            http.Response.StatusCode = http.Request.Path == "/refused" ? 403 : 204;
            return Task.CompletedTask;
        });
        using var caller = new PaddleCaller(database, PaddleCaller.To(server.Url));

        for (var call = 0; call < 8; call++)
        {
            await Assert.ThrowsAsync<PaddleRefusedException>(() => caller.Get("/refused"));
            await Assert.ThrowsAsync<PaddleNonsenseException>(() => caller.Get("/nothing"));
        }

        Assert.Equal(16, server.Seen.Count);
    }

    private void Fail(int times)
    {
        for (var time = 0; time < times; time++) breaker.Failed(breaker.Enter());
    }

    private TimeSpan? Refused()
    {
        try
        {
            breaker.Check();
            return null;
        }
        catch (PaddleUnavailableException e)
        {
            return e.ComeBackIn;
        }
    }
}
