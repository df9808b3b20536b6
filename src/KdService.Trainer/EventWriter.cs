using System.Text;
using KdService.Core.Runs;
using KdService.Core.Schema;
using Microsoft.Win32.SafeHandles;

namespace KdService.Trainer;

/// <summary>Prints events on standard output: each one JSON object on a line, written at once.</summary>
/// <param name="readerGone">Called when nobody reads any more: whoever started the trainer has died.</param>
internal sealed class EventWriter(Action<string> readerGone) : IDisposable
{
    // The console's own stream says nothing when a pipe is broken.
    private readonly FileStream _output = new(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);

    /// <summary>Prints an event.</summary>
    public void Write(TrainerEvent happened)
    {
        try
        {
            _output.Write(Encoding.UTF8.GetBytes(Json.Write(happened) + "\n"));
        }
        // A broken pipe must not cost the training done: the run writes its checkpoint and ends.
        catch (IOException e)
        {
            readerGone($"nobody reads the events ({e.Message})");
        }
    }

    /// <inheritdoc />
    public void Dispose() => _output.Dispose();
}
