using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Allocora.Statements;

return args is ["migrate"]
    ? await MigrateCommand.Run(StatementsModule.Schema)
    : Service.Run("statements", args, builder => builder.AddStatements(), app => app.MapStatements());
