using Allocora.EventStore;
using Allocora.Ledger;
using Allocora.ServiceDefaults;

return args switch
{
    ["migrate"] => await MigrateCommand.Run(LedgerModule.Schema),
    ["prepare-marten"] => await PrepareMartenCommand.Run(LedgerModule.Schema),
    _ => Service.Run("ledger", args, builder => builder.AddLedger(), app => app.MapLedger()),
};
