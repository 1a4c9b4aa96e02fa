using System.Runtime.InteropServices;

namespace Allocora.AppHost;

internal static partial class Signals
{
    public const int Interrupt = 2, Kill = 9, Terminate = 15;

    public static void Send(int pid, int signal) => _ = SystemKill(pid, signal);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SystemKill(int pid, int signal);
}
