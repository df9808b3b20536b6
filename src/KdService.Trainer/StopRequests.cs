using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace KdService.Trainer;

/// <summary>Turns SIGTERM, SIGINT and the death of the parent process into one request to stop.</summary>
/// <remarks>
/// The parent is watched by asking for its id: a parent-death signal would come as soon as the thread that started the trainer ends,
/// and standard input may well be closed from the start.
/// </remarks>
internal sealed partial class StopRequests : IDisposable
{
    private static readonly TimeSpan ParentWatch = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _signals;
    private readonly Timer _parentWatch;
    private ILogger? _log;

    /// <summary>Listens from here on.</summary>
    public StopRequests()
    {
        _signals = [.. new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT }.Select(signal => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            Request($"{signal} came");
        }))];
        var parent = ParentId();
        _parentWatch = new Timer(_ =>
        {
            if (ParentId() != parent) Request("the parent process is gone");
        }, null, ParentWatch, ParentWatch);
    }

    /// <summary>Cancelled once a stop was requested.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>Says in a log why the run stops.</summary>
    public void LogTo(ILogger log) => _log = log;

    /// <summary>Requests a stop; once is enough.</summary>
    public void Request(string reason)
    {
        if (_stop.IsCancellationRequested) return;
        _stop.Cancel();
        _log?.LogInformation("stopping: {Reason}", reason);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _parentWatch.Dispose();
        foreach (var signal in _signals) signal.Dispose();
        _stop.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "getppid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ParentId();
}
