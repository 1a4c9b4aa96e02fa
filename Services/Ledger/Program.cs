using Allocora.EventStore;
using Allocora.Ledger;
using Allocora.ServiceDefaults;

return args is ["migrate"]
    ? await MigrateCommand.Run("ledger")
    : Service.Run("ledger", args, builder => builder.AddLedger());
