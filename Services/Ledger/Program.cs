using Allocora.EventStore;
using Allocora.Ledger;
using Allocora.ServiceDefaults;

return args switch
{
    ["migrate"] => await MigrateCommand.Run(LedgerModule.Schema),
    ["prepare-marten"] => await PrepareMartenCommand.Run(LedgerModule.Schema),
    ["replay", .. var words] => await ReplayCommand.Run(words, Environment.GetEnvironmentVariable, Console.Out, Console.Error),
    _ => Service.Run("ledger", args, builder => builder.AddLedger(), app => app.MapLedger()),
};
