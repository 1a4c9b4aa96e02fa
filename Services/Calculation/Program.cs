using Allocora.Calculation;
using Allocora.EventStore;
using Allocora.ServiceDefaults;

return args is ["migrate"]
    ? await MigrateCommand.Run(CalculationModule.Schema)
    : Service.Run("calculation", args, builder => builder.AddCalculation(), app => app.MapCalculation());
