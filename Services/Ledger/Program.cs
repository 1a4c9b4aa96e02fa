using Allocora.EventStore;
using Allocora.Ledger;
using Allocora.ServiceDefaults;

return args is ["migrate"]
    ? await MigrateCommand.Run(LedgerModule.Schema)
    : Service.Run("ledger", args, builder => builder.AddLedger());
