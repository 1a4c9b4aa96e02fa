using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace Allocora.ServiceDefaults;

/// <summary>How patient a service is with whom it calls.</summary>
public sealed class OutgoingHttpOptions
{
    [Range(0, 10)] public int Retries { get; init; } = 2;
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")] public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(10);
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")] public TimeSpan TotalTimeout { get; init; } = TimeSpan.FromSeconds(30);
}

internal static class OutgoingHttp
{
    private static readonly ResiliencePropertyKey<HttpMethod> Method = new("method");

    /// <summary>Every client of the factory goes through the same pipeline; there is no second layer of retries.</summary>
    public static void AddOutgoingHttp(this IServiceCollection services)
    {
        services.AddValidated<OutgoingHttpOptions>("OutgoingHttp");
        services.AddSingleton(provider => Pipeline(
            provider.GetRequiredService<IOptions<OutgoingHttpOptions>>().Value, provider.GetRequiredService<TimeProvider>()));
        services.AddTransient<ResilientHandler>();
        services.ConfigureHttpClientDefaults(client =>
        {
            client.AddHttpMessageHandler<ResilientHandler>();
            // The client keeps the total, because it also sees how long the body takes.
            client.ConfigureHttpClient((provider, http) =>
                http.Timeout = provider.GetRequiredService<IOptions<OutgoingHttpOptions>>().Value.TotalTimeout);
        });
    }

    private static ResiliencePipeline<HttpResponseMessage> Pipeline(OutgoingHttpOptions options, TimeProvider time)
    {
        var builder = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = time };
        if (options.Retries > 0)
        {
            builder.AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = options.Retries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = TimeSpan.FromMilliseconds(200),
                ShouldHandle = arguments => ValueTask.FromResult(CanRepeat(arguments.Context) && IsPassing(arguments.Outcome)
                    && !(AskedToWait(arguments.Outcome.Result, time) > options.TotalTimeout)),
                DelayGenerator = arguments => ValueTask.FromResult(AskedToWait(arguments.Outcome.Result, time)),
                OnRetry = arguments =>
                {
                    arguments.Outcome.Result?.Dispose();
                    return ValueTask.CompletedTask;
                },
            });
        }
        return builder.AddTimeout(options.AttemptTimeout).Build();
    }

    // A write may have happened although its answer got lost; only its own idempotency key makes it safe to repeat.
    private static bool CanRepeat(ResilienceContext context) =>
        context.Properties.TryGetValue(Method, out var method) && (method == HttpMethod.Get || method == HttpMethod.Head);

    // A 503 that does not say when to come back is an answer (a service that is not ready), not a hiccup.
    private static bool IsPassing(Outcome<HttpResponseMessage> outcome) => outcome switch
    {
        { Exception: HttpRequestException or TimeoutRejectedException } => true,
        { Result.StatusCode: HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout } => true,
        { Result: { StatusCode: HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable, Headers.RetryAfter: not null } } => true,
        _ => false,
    };

    private static TimeSpan? AskedToWait(HttpResponseMessage? response, TimeProvider time) => response?.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date > time.GetUtcNow() => date - time.GetUtcNow(),
        _ => null,
    };

    private sealed class ResilientHandler(ResiliencePipeline<HttpResponseMessage> pipeline) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct)
        {
            var context = ResilienceContextPool.Shared.Get(ct);
            context.Properties.Set(Method, request.Method);
            try
            {
                return await pipeline.ExecuteAsync(
                    async (c, r) => await base.SendAsync(r, c.CancellationToken), context, request);
            }
            catch (TimeoutRejectedException e)
            {
                // As the client itself reports the total, so that a caller has one failure to expect.
                throw new TaskCanceledException(e.Message, new TimeoutException(e.Message, e));
            }
            finally
            {
                ResilienceContextPool.Shared.Return(context);
            }
        }
    }
}
