using Allocora.Connector;
using Allocora.EventStore;
using Allocora.ServiceDefaults;

return args is ["migrate"]
    ? await MigrateCommand.Run(ConnectorModule.Schema)
    : Service.Run("connector", args, builder => builder.AddConnector(), app => app.MapConnector());
