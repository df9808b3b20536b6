using System.Diagnostics;
using KdService.Core.Runs;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>Writes resume checkpoints, announces them, and removes those they replace.</summary>
/// <param name="run">The run.</param>
/// <param name="state">How far it is.</param>
/// <param name="secondsBefore">Seconds of earlier attempts.</param>
internal sealed class CheckpointWriter(RunContext run, RunState state, double secondsBefore)
{
    // One more than needed: whoever reads the announcements may still be copying the one before.
    private const int Kept = 2;

    private readonly Queue<string> _written = new();
    private readonly Stopwatch _sinceStart = Stopwatch.StartNew();
    private readonly Stopwatch _sinceWrite = Stopwatch.StartNew();
    private int _count;

    /// <summary>Seconds of training, all attempts together.</summary>
    public double Seconds => secondsBefore + _sinceStart.Elapsed.TotalSeconds;

    /// <summary>Writes one if the last is old enough.</summary>
    public void WriteIfDue(StageTraining stage)
    {
        if (_sinceWrite.Elapsed.TotalSeconds >= run.Request.CheckpointSeconds) Write(stage);
    }

    /// <summary>Writes one.</summary>
    /// <param name="stage">The stage at work; null between stages and after the last.</param>
    /// <exception cref="RunException">The disk is full, or the loss has diverged.</exception>
    public void Write(StageTraining? stage)
    {
        var begun = stage is not null && !state.AtStageStart;
        stage?.RecordSignalCost();
        using var scope = NewDisposeScope();
        using var random = get_rng_state();
        var learners = begun ? stage!.LearnerStates() : [];
        var checkpoint = new ResumeCheckpoint
        {
            State = state,
            Sums = begun ? stage!.ReadSums() : default,
            Work = run.Progress.Ledger.Items,
            Seconds = Seconds,
            Random = random,
            Learners = learners,
            Augmenter = begun ? stage!.AugmenterState : new Dictionary<string, Tensor>(),
        };
        var file = FormattableString.Invariant($"resume-{run.Request.Attempt}-{++_count}.safetensors");
        checkpoint.Write(Path.Combine(run.Folder, file), run.Plan);
        foreach (var learner in learners.Values) learner.Network.Dispose();
        Announce(file);
        _written.Enqueue(file);
        if (_written.Count > Kept) File.Delete(Path.Combine(run.Folder, _written.Dequeue()));
        _sinceWrite.Restart();
    }

    // Between stages the checkpoint belongs to the end of the one before.
    private void Announce(string file)
    {
        var between = state.AtStageStart && state.Stage > 0;
        var stage = run.Plan.Stages[between ? state.Stage - 1 : state.Stage];
        run.Emit(new CheckpointWritten
        {
            Kind = CheckpointKind.Resume,
            Path = file,
            Stage = stage.Name,
            Model = stage.Trains,
            Epoch = between ? stage.Epochs : state.Epoch,
            Step = state.StepsTold(run.Plan),
        });
    }
}
