using System.Diagnostics;
using KdService.Core.Plans;
using KdService.Core.Runs;

namespace KdService.Distillation.Training;

/// <summary>Keeps the ledger of work and says how far the run is, at most once a second.</summary>
internal sealed class ProgressReporter(Plan plan, Action<TrainerEvent> emit)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Stopwatch _sinceReport = Stopwatch.StartNew();
    private long _samplesTrained;

    /// <summary>The work planned and done.</summary>
    public WorkLedger Ledger { get; } = new();

    /// <summary>Where the run is; what reports are about.</summary>
    public (Stage Stage, int Epoch, long Step) Position { get; set; } = (plan.Stages[0], 0, 0);

    /// <summary>Counts samples that optimiser steps went through.</summary>
    public void Trained(string item, int samples, double seconds)
    {
        _samplesTrained += samples;
        Ledger.Done(item, samples, seconds);
        ReportIfDue(null);
    }

    /// <summary>Counts other work, and says what it is.</summary>
    public void Worked(string item, int samples, double seconds, string activity)
    {
        Ledger.Done(item, samples, seconds);
        ReportIfDue(activity);
    }

    private void ReportIfDue(string? activity)
    {
        if (_sinceReport.Elapsed < Interval) return;
        var seconds = _sinceReport.Elapsed.TotalSeconds;
        _sinceReport.Restart();
        emit(new ProgressMade
        {
            Progress = new Progress
            {
                Stage = Position.Stage.Name,
                Epoch = Math.Min(Position.Epoch + 1, Position.Stage.Epochs),
                Epochs = Position.Stage.Epochs,
                Step = Position.Step,
                Steps = plan.TotalSteps,
                Fraction = Ledger.Fraction,
                SecondsLeft = Ledger.SecondsLeft,
                SamplesPerSecond = _samplesTrained > 0 ? _samplesTrained / seconds : null,
                Activity = activity,
            },
        });
        _samplesTrained = 0;
    }
}
