namespace Allocora.Connector;

internal static class WebhooksModule
{
    public static void AddWebhooks(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<SetWebhookSecrets>();
        builder.Services.AddSingleton<TakeWebhook>();
        builder.Services.AddSingleton<HeedKeyEvents>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<HeedKeyEvents>());
    }

    public static void MapWebhooks(this IEndpointRouteBuilder routes)
    {
        SetWebhookSecrets.Map(routes);
        TakeWebhook.Map(routes);
        ReadPayouts.Map(routes);
        ConfirmPayout.Map(routes);
    }
}
