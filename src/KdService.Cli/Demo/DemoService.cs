using System.Net;
using System.Net.Sockets;
using KdService.Cli.Local;
using KdService.Cli.Service;

namespace KdService.Cli.Demo;

/// <summary>An all-in-one service on a free loopback port, with a database of its own, for as long as the demo lasts.</summary>
public sealed class DemoService : IAsyncDisposable
{
    // The service itself gives its trainers 10 s to write a checkpoint, and then stops its database.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);
    private readonly ChildProcess _process;
    private bool _kept;

    private DemoService(ChildProcess process, ServiceClient client, string state) => (_process, Client, StateDirectory) = (process, client, state);

    /// <summary>Talks to it.</summary>
    public ServiceClient Client { get; }

    /// <summary>Its process id; SIGTERM stops it and all it started.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Its database, artifacts and log, in a temporary folder that goes with it.</summary>
    public string StateDirectory { get; }

    /// <summary>Starts the service and waits until it takes jobs.</summary>
    /// <param name="dataRoot">Where data sets lie.</param>
    /// <param name="cancel">Stops it again.</param>
    /// <exception cref="CommandFailedException">It ended, or was not ready in time; carries the end of its log.</exception>
    public static async Task<DemoService> Start(string dataRoot, CancellationToken cancel)
    {
        var state = Directory.CreateTempSubdirectory("kd-demo-").FullName;
        // PostgreSQL does not run as root; the user it runs as has to get to its own folder.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(state, File.GetUnixFileMode(state) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        var address = new Uri($"http://127.0.0.1:{FreePort()}/");
        var log = Path.Combine(state, "service.log");
        var process = ChildProcess.Start(Programs.Service, ["--urls", address.ToString().TrimEnd('/')], Grace, new Dictionary<string, string?>
        {
            ["Kd__StateDirectory"] = state,
            ["Kd__DataRoot"] = dataRoot,
            ["Kd__Trainer"] = Programs.Trainer,
            // The demo is its own installation: a database that other variables name is none of its business.
            ["Kd__ConnectionString"] = null,
        }, log);
        var service = new DemoService(process, new ServiceClient(address), state);
        try
        {
            await service.WaitUntilReady(log, cancel);
            return service;
        }
        catch
        {
            // Whatever went wrong, nothing is left running.
            await service.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lets the service live on when this process ends.</summary>
    public void Keep() => _kept = true;

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_kept) return;
        await _process.DisposeAsync();
        Directory.Delete(StateDirectory, recursive: true);
    }

    private async Task WaitUntilReady(string log, CancellationToken cancel)
    {
        var begun = DateTimeOffset.UtcNow;
        while (!await Client.IsReady(cancel))
        {
            if (_process.HasExited || DateTimeOffset.UtcNow - begun > StartLimit)
            {
                var what = _process.HasExited ? "ended at start" : $"was not ready within {StartLimit.TotalSeconds:0} s";
                var tail = File.Exists(log) ? string.Join(Environment.NewLine, File.ReadLines(log).TakeLast(20)) : "(no log)";
                throw new CommandFailedException($"the service {what}; its log {log} ends with{Environment.NewLine}{tail}", ExitCodes.Unavailable);
            }
            await Task.Delay(TimeSpan.FromMilliseconds(200), cancel);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
