using System.Net;
using System.Net.Sockets;

namespace Allocora.Foundation.Tests.Deciding;

/// <summary>What the wire does with the next append that comes by.</summary>
internal enum Cut
{
    Nowhere,

    /// <summary>The server never sees it.</summary>
    Before,

    /// <summary>The server gets it and nobody waits for what it does.</summary>
    Behind,

    /// <summary>The server has answered, and the answer is lost.</summary>
    Answer,
}

/// <summary>Stands between a client and PostgreSQL and can lose either's words.</summary>
internal sealed class Wire : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource over = new(); // no timer, no handle: nothing to dispose of
    private readonly (string Host, int Port) server;
    private int cut, cuts;

    public Wire(string host, int port)
    {
        server = (host, port);
        listener.Start();
        _ = Accept();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public int Cuts => cuts;

    public void Next(Cut next) => Interlocked.Exchange(ref cut, (int)next);

    public void Dispose()
    {
        listener.Dispose();
        over.Cancel();
    }

    private async Task Accept()
    {
        try
        {
            while (true) _ = Carry(await listener.AcceptTcpClientAsync(over.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task Carry(TcpClient client)
    {
        using var near = client;
        var far = new TcpClient();
        await far.ConnectAsync(server.Host, server.Port);
        var (up, down) = (near.GetStream(), far.GetStream());
        var losing = Cut.Nowhere;
        var answers = Pump(down, up, _ =>
        {
            if (losing != Cut.Answer) return true;
            near.Client.Close(timeout: 0);
            return false;
        });
        var asks = Pump(up, down, chunk =>
        {
            if (chunk.AsSpan().IndexOf("allocora_append"u8) < 0) return true;
            losing = (Cut)Interlocked.Exchange(ref cut, (int)Cut.Nowhere);
            if (losing != Cut.Nowhere) Interlocked.Increment(ref cuts);
            return losing != Cut.Before;
        }, () => losing == Cut.Behind);
        await Task.WhenAny(asks, answers);
        if (losing == Cut.Answer) await answers;
        near.Client.Close(timeout: 0);
        // Told to go away, PostgreSQL would finish what it is doing first; but it is not told, as with a cable that is cut.
        if (losing != Cut.Behind) far.Dispose();
    }

    private async Task Pump(NetworkStream from, NetworkStream to, Func<byte[], bool> goesOn, Func<bool>? endsAfter = null)
    {
        var buffer = new byte[1 << 16];
        try
        {
            int count;
            while ((count = await from.ReadAsync(buffer, over.Token)) > 0)
            {
                if (!goesOn(buffer[..count])) return;
                await to.WriteAsync(buffer.AsMemory(0, count), over.Token);
                if (endsAfter?.Invoke() == true) return;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Either end hung up.
        }
    }
}
