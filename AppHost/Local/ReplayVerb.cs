using System.Diagnostics;
using Npgsql;

namespace Allocora.AppHost;

/// <summary>Has the ledger's program tell one queue again what it told the world, in a system that runs.</summary>
internal static class ReplayVerb
{
    public static async Task<int> Run(RunOptions options, CancellationToken ct)
    {
        var ledger = AllocoraSystem.Describe().Services.Single(s => s.Name == "ledger");
        if (StatusReport.Read(Path.Combine(options.Data, RunFile.Name)) is not { } run
            || DataFolder.KeyIn(options.Data, $"role {ledger.Owns.WorkerRole}") is not { } password)
            throw new StartFailure("Allocora is not running here; start it with ./allocora up");

        var assembly = Path.Combine(options.Root, ledger.Folder, "bin", options.Configuration, "Allocora.Ledger.dll");
        var start = new ProcessStartInfo(Environment.ProcessPath!, [assembly, "replay", .. options.Words]);
        start.Environment[$"ConnectionStrings__{ledger.Owns.WorkerRole}"] = new NpgsqlConnectionStringBuilder(run.Postgres[ledger.Owns.Name])
        {
            Username = ledger.Owns.WorkerRole,
            Password = password,
        }.ConnectionString;
        // The ledger's own user may not send to a queue past its exchange; whoever may read this file may do everything.
        start.Environment[$"ConnectionStrings__{ledger.Broker!.Name}"] = run.Rabbitmq;
        using var replay = Process.Start(start)!;
        await replay.WaitForExitAsync(ct);
        return replay.ExitCode;
    }
}
