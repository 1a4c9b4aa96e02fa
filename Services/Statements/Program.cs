using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Allocora.Statements;

return args is ["migrate"]
    ? await MigrateCommand.Run("statements")
    : Service.Run("statements", args, builder => builder.AddStatements());
