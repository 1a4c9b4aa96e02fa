using Allocora.Console;
using Allocora.EventStore;
using Allocora.ServiceDefaults;

return args is ["migrate"]
    ? await MigrateCommand.Run(ConsoleModule.Schema)
    : Service.Run("console", args, builder => builder.AddConsole(), app => app.MapConsole());
