using System.Diagnostics.CodeAnalysis;
using Allocora.Probe;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

[assembly: SuppressMessage("Design", "CA1515", Justification = "tests host the same parts in their own process")]

var builder = Host.CreateEmptyApplicationBuilder(new() { Args = args });
builder.Configuration.AddEnvironmentVariables();
builder.Configuration.AddCommandLine(args);
builder.Logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Information);
var queue = NoteQueue.Named(builder.Configuration["queue"]!, singleActive: builder.Configuration["single"] == "true");
builder.AddNotes(queue, isFixed: builder.Configuration["fixed"] == "true");
builder.Build().Run();
