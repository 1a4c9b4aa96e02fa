using Allocora.Calculation;
using Allocora.EventStore;
using Allocora.ServiceDefaults;

return args is ["migrate"]
    ? await MigrateCommand.Run("calculation")
    : Service.Run("calculation", args, builder => builder.AddCalculation());
