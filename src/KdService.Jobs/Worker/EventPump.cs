using System.Text.Json;
using System.Threading.Channels;
using KdService.Core.Jobs;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Jobs.Persistence;
using KdService.Jobs.Queue;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdService.Jobs.Worker;

/// <summary>Carries what a trainer says into the database, in order and in batches, and its files into the artifact store.</summary>
internal sealed class EventPump(AttemptName name, string folder, AttemptStore attempts, ArtifactStore artifacts, ILogger log)
{
    private const int LargestBatch = 1000;
    private static readonly TimeSpan Collect = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(500);

    private readonly Channel<TrainerEvent> _said = Channel.CreateBounded<TrainerEvent>(4 * LargestBatch);

    private Progress? _progress;

    /// <summary>What came of the run, once the trainer has said it.</summary>
    public RunReport? Report { get; private set; }

    /// <summary>Why the run could not go on, once the trainer has said it.</summary>
    public RunFailed? Failed { get; private set; }

    /// <summary>Runs until the trainer has closed its output and all of it is stored.</summary>
    /// <param name="output">The trainer's standard output.</param>
    /// <param name="lost">Cancelled when the lease is lost and storing is pointless.</param>
    /// <exception cref="LeaseLostException">The attempt is not this worker's any more.</exception>
    /// <exception cref="AttemptFailedException">A file cannot be stored, or the database refuses the events.</exception>
    public async Task RunAsync(StreamReader output, CancellationToken lost)
    {
        var reading = ReadAsync(output);
        while (await _said.Reader.WaitToReadAsync(lost))
        {
            await Task.WhenAny(Task.Delay(Collect, lost), reading);
            while (await TakeAsync(lost) is { } batch) await AppendAsync(batch, lost);
        }
        await reading;
    }

    private async Task ReadAsync(StreamReader output)
    {
        try
        {
            while (await output.ReadLineAsync() is { } line)
            {
                if (Parse(line) is { } said) await _said.Writer.WriteAsync(said);
            }
        }
        finally
        {
            _said.Writer.Complete();
        }
    }

    private TrainerEvent? Parse(string line)
    {
        if (string.IsNullOrWhiteSpace(line)) return null;
        try
        {
            // PostgreSQL's jsonb cannot hold the null character.
            if (!line.Contains("\\u0000", StringComparison.Ordinal)) return Json.Read<TrainerEvent>(line);
        }
        catch (Exception corrupt) when (corrupt is JsonException or NotSupportedException or InvalidOperationException)
        {
            // A library that prints to standard output must not cost the job its hours of training.
        }
        log.LogWarning("The trainer said something that is no event: {Line}", line.Length <= 200 ? line : line[..200]);
        return null;
    }

    /// <summary>Takes what was said so far, up to the first file; null if nothing was.</summary>
    private async Task<EventBatch?> TakeAsync(CancellationToken lost)
    {
        var batch = new EventBatch();
        var count = 0;
        for (; count < LargestBatch && _said.Reader.TryRead(out var said); count++)
        {
            switch (said)
            {
                case CheckpointWritten { Kind: CheckpointKind.Resume } replaced when !File.Exists(Path.Combine(folder, replaced.Path)):
                    // The trainer keeps the newest few; this one's successor is on its way.
                    log.LogInformation("The checkpoint of step {Step} was replaced before it could be stored", replaced.Step);
                    continue;
                case CheckpointWritten checkpoint:
                    batch.Add(await PutAsync(checkpoint, checkpoint.Path, lost));
                    return batch;
                case ArtifactWritten artifact:
                    batch.Add(await PutAsync(artifact, artifact.Path, lost));
                    return batch;
                case ProgressMade { Progress: var progress }:
                    _progress = progress;
                    break;
                case RunFinished finished:
                    Report = finished.Report;
                    // Progress comes about once a second, so the last words of it are rarely the end.
                    if (_progress is not null)
                        batch.Add(new ProgressMade { Progress = _progress with { Step = _progress.Steps, Fraction = 1, SecondsLeft = 0, Activity = null } });
                    break;
                case RunFailed failed:
                    Failed = failed;
                    break;
            }
            batch.Add(said);
        }
        return count > 0 ? batch : null;
    }

    private async Task<StoredFile<T>> PutAsync<T>(T said, string path, CancellationToken cancellation) where T : TrainerEvent
    {
        var file = Path.GetFullPath(Path.Combine(folder, path));
        if (!file.StartsWith(folder + '/', StringComparison.Ordinal))
            throw new AttemptFailedException(FailureCode.TrainerCrashed, $"the trainer announced {path}, which is not in its work folder");
        try
        {
            var (sha256, bytes) = await artifacts.PutAsync(file, cancellation);
            return new StoredFile<T>(said, file, sha256, bytes);
        }
        catch (IOException failed)
        {
            throw new AttemptFailedException(DiskErrors.CodeOf(failed), $"cannot store {path}: {failed.Message}", failed);
        }
    }

    private async Task AppendAsync(EventBatch batch, CancellationToken lost)
    {
        while (true)
        {
            try
            {
                await attempts.AppendAsync(name, batch, lost);
                return;
            }
            catch (NpgsqlException unreachable) when (unreachable is not PostgresException || unreachable.IsTransient)
            {
                // The trainer goes on meanwhile; when the database stays away, the lease ends this.
                log.LogWarning("Cannot store events now ({Reason}); trying again", unreachable.Message);
                await Task.Delay(RetryAfter, lost);
            }
            catch (PostgresException refused)
            {
                throw new AttemptFailedException(FailureCode.TrainerCrashed, $"the database refuses the trainer's events: {refused.MessageText}", refused);
            }
        }
    }
}
