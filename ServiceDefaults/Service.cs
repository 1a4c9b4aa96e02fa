using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Allocora.ServiceDefaults;

/// <summary>Starts and ends every Allocora host the same way.</summary>
public static class Service
{
    /// <summary>In bytes; an endpoint that takes files says so itself.</summary>
    public const int RequestBodyMax = 1024 * 1024;

    /// <summary>Builds and runs a host; a setting that makes no sense ends it with one sentence and exit code 1.</summary>
    public static int Run(string name, string[] args, Action<WebApplicationBuilder> add, Action<WebApplication>? map = null)
    {
        // A command that is misspelled must not start a second service.
        if (args is [{ Length: > 0 } word, ..] && word[0] is not ('-' or '/') && !word.Contains('=', StringComparison.Ordinal))
        {
            Console.Error.WriteLine($"{name} does not know {word}; without a command it runs, and migrate brings its schema up to date.");
            return 2;
        }
        // What fails in a module of ours, or once the host runs, is a fault and is let out whole.
        var (started, inModule) = (false, false);
        List<BackgroundService> workers = [];
        void Within(Action module)
        {
            inModule = true;
            module();
            inModule = false;
        }
        try
        {
            using var app = Build(name, args, builder => Within(() => add(builder)), app => Within(() => map?.Invoke(app)));
            app.Lifetime.ApplicationStarted.Register(() => started = true);
            app.Services.GetRequiredService<IStartupValidator>().Validate();
            workers = app.Services.GetServices<IHostedService>().OfType<BackgroundService>().ToList();
            app.Run();
            // A worker that failed has stopped the host; whoever started us must not take that for a wish.
            return FaultOf(workers) is null ? 0 : 1;
        }
        catch (OperationCanceledException) when (FaultOf(workers) is not null)
        {
            ExceptionDispatchInfo.Throw(FaultOf(workers)!); // it failed while the rest was still starting
            throw;
        }
        catch (Exception e) when (!started && (WhyItCannotStart(e) ?? (inModule ? null : WhatTheFrameworkRefuses(e))) is { } why)
        {
            Console.Error.WriteLine($"{name} cannot start: {why}");
            return 1;
        }
    }

    /// <summary>The host as <see cref="Run"/> makes it, not yet started.</summary>
    public static WebApplication Build(string name, string[] args, Action<WebApplicationBuilder> add, Action<WebApplication>? map = null)
    {
        // Files are found beside the program, so a service may be started from any folder.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.RefuseUnsafeSettings();
        builder.AddServiceDefaults(name);
        add(builder);

        // The framework would log a failed start with its stack; Run says it in one sentence, or lets it out whole.
        var started = false;
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", level => started && level >= LogLevel.Information);
        var app = builder.Build();
        app.Lifetime.ApplicationStarted.Register(() => started = true);
        app.UseServiceDefaults();
        map?.Invoke(app);
        app.MapHealth();
        app.CheckAccess();
        return app;
    }

    private static void AddServiceDefaults(this WebApplicationBuilder builder, string name)
    {
        builder.Services.AddSingleton(ServiceIdentity.Of(name));
        builder.AddConsoleLog();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.WebHost.ConfigureKestrel(o => (o.AddServerHeader, o.Limits.MaxRequestBodySize) = (false, RequestBodyMax));
        builder.Services.AddStrictJson();
        builder.Services.AddValidated<ShutdownOptions>("Shutdown");
        builder.Services.AddOptions<HostOptions>()
            .Configure<IOptions<ShutdownOptions>>((host, shutdown) => host.ShutdownTimeout = shutdown.Value.Timeout);
        builder.AddTelemetry(name);
        builder.AddHealth();
        builder.AddInternalListener();
        builder.Services.AddOutgoingHttp();
        builder.Services.AddProblems();
    }

    private static void AddConsoleLog(this WebApplicationBuilder builder)
    {
        // Lowest in the order of configuration, so that Logging__LogLevel__… still decides.
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData = new Dictionary<string, string?>
            {
                ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",
                ["Logging:LogLevel:System.Net.Http.HttpClient"] = "Warning",
                // They log with a stack what they throw as well: keys out of reach, and a cookie from before the keys were others.
                ["Logging:LogLevel:Microsoft.AspNetCore.DataProtection.KeyManagement.KeyRingProvider"] = "None",
                ["Logging:LogLevel:Microsoft.AspNetCore.Antiforgery"] = "None",
            },
        });
        builder.Logging.AddSimpleConsole(o =>
        {
            o.SingleLine = true;
            o.UseUtcTimestamp = true;
            o.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });
    }

    private static void UseServiceDefaults(this WebApplication app)
    {
        app.UseRequestTelemetry();
        app.UseProblems();
        app.UseInternalListener();
    }

    private static Exception? FaultOf(List<BackgroundService> workers) =>
        workers.Select(w => w.ExecuteTask?.Exception?.GetBaseException()).FirstOrDefault(fault => fault is not null);

    private static string? WhyItCannotStart(Exception e) => e switch
    {
        OptionsValidationException invalid => string.Join(" ", invalid.Failures),
        // As the framework reports several invalid sections.
        AggregateException many when many.InnerExceptions.All(one => one is OptionsValidationException) =>
            string.Join(" ", many.InnerExceptions.Select(WhyItCannotStart)),
        // The framework's own words when an address is taken or is not one of ours.
        IOException { InnerException: AddressInUseException } taken => taken.Message,
        SocketException { SocketErrorCode: SocketError.AddressNotAvailable or SocketError.AccessDenied } refused =>
            $"ASPNETCORE_URLS names an address it may not listen on: {refused.Message}.",
        _ => null,
    };

    // Settings of its own: log levels, addresses, certificates.
    private static string? WhatTheFrameworkRefuses(Exception e) =>
        e is InvalidOperationException or FormatException or ArgumentException or NotSupportedException ? e.Message.Split('\n')[0].TrimEnd('\r') : null;
}
