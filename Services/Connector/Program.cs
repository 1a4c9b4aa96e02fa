using Allocora.Connector;
using Allocora.EventStore;
using Allocora.ServiceDefaults;

return args is ["migrate"]
    ? await MigrateCommand.Run("connector")
    : Service.Run("connector", args, builder => builder.AddConnector());
