using KdService.Core.Jobs;
using KdService.Core.Schema;

namespace KdService.Core.Runs;

/// <summary>
/// What the trainer says on standard output, one JSON object a line. Steps count from 1 over the whole plan and go on after a
/// resume where the checkpoint left off. Standard error is the log.
/// </summary>
[Union("type")]
public abstract record TrainerEvent
{
    /// <summary>When it happened.</summary>
    public DateTimeOffset At { get; init; } = DateTimeOffset.UtcNow;
}

/// <summary>The trainer is up.</summary>
[Case("run_started", "The trainer is up and says what it runs on.")]
public sealed record RunStarted : TrainerEvent
{
    /// <summary>What it runs on.</summary>
    public required TrainerEnvironment Environment { get; init; }

    /// <summary>The step that the checkpoint was written at; null on a fresh start.</summary>
    public long? ResumedAtStep { get; init; }
}

/// <summary>What a trainer runs on.</summary>
public sealed record TrainerEnvironment
{
    /// <summary>Version of the loaded libtorch.</summary>
    public required string LibTorch { get; init; }

    /// <summary>Device, with its name.</summary>
    public required string Device { get; init; }

    /// <summary>The BLAS library that is really loaded.</summary>
    public required string Blas { get; init; }

    /// <summary>The instruction set that kernels are dispatched to.</summary>
    public required string CpuCapability { get; init; }

    /// <summary>CPU threads.</summary>
    public required int Threads { get; init; }

    /// <summary>Version of the trainer.</summary>
    public required string Trainer { get; init; }
}

/// <summary>A stage begins.</summary>
[Case("stage_started", "A stage begins.")]
public sealed record StageStarted : TrainerEvent
{
    /// <summary>The stage's name.</summary>
    public required string Stage { get; init; }

    /// <summary>Its place, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Its epochs.</summary>
    public required int Epochs { get; init; }

    /// <summary>Steps of one epoch.</summary>
    public required int StepsPerEpoch { get; init; }

    /// <summary>How the teacher's logits are obtained here, in words; null without a teacher.</summary>
    public string? TeacherSignal { get; init; }
}

/// <summary>How far the run is; at most about once a second.</summary>
[Case("progress", "How far the run is.")]
public sealed record ProgressMade : TrainerEvent
{
    /// <summary>The progress.</summary>
    public required Progress Progress { get; init; }
}

/// <summary>How far a run is.</summary>
public sealed record Progress
{
    /// <summary>The stage.</summary>
    public required string Stage { get; init; }

    /// <summary>Epoch of the stage, from 1.</summary>
    public required int Epoch { get; init; }

    /// <summary>Epochs of the stage.</summary>
    public required int Epochs { get; init; }

    /// <summary>Steps done of the whole plan.</summary>
    public required long Step { get; init; }

    /// <summary>Steps of the whole plan.</summary>
    public required long Steps { get; init; }

    /// <summary>Part of the whole run's work that is done, teacher passes included, in [0, 1].</summary>
    public required double Fraction { get; init; }

    /// <summary>Seconds left, from the pace so far; null before there is a pace.</summary>
    public double? SecondsLeft { get; init; }

    /// <summary>Training samples per second, recently.</summary>
    public double? SamplesPerSecond { get; init; }

    /// <summary>What the trainer is doing if not optimiser steps, e.g. <c>teacher logits, view 2 of 4</c>.</summary>
    public string? Activity { get; init; }
}

/// <summary>Values of metric series at a step.</summary>
[Case("metrics", "Values of metric series at a step.")]
public sealed record MetricsMeasured : TrainerEvent
{
    /// <summary>The stage.</summary>
    public required string Stage { get; init; }

    /// <summary>Epoch of the stage, from 1.</summary>
    public required int Epoch { get; init; }

    /// <summary>Step of the whole plan, from 1.</summary>
    public required long Step { get; init; }

    /// <summary>Values by series, e.g. <c>train/loss</c>, <c>train/learning_rate</c>, <c>selection/accuracy</c>, or the series of a <see cref="SelectionScore"/>.</summary>
    public required Dictionary<string, double> Values { get; init; }
}

/// <summary>What a checkpoint is for.</summary>
public enum CheckpointKind
{
    /// <summary>Everything needed to go on; replaces the one before.</summary>
    Resume,

    /// <summary>Weights of a network at the end of an epoch, kept for good.</summary>
    Epoch,
}

/// <summary>A checkpoint lies complete in the work folder.</summary>
[Case("checkpoint", "A checkpoint lies complete in the work folder.")]
public sealed record CheckpointWritten : TrainerEvent
{
    /// <summary>What it is for.</summary>
    public required CheckpointKind Kind { get; init; }

    /// <summary>The file, relative to the work folder.</summary>
    public required string Path { get; init; }

    /// <summary>The stage.</summary>
    public required string Stage { get; init; }

    /// <summary>The network being trained.</summary>
    public required string Model { get; init; }

    /// <summary>Epochs of the stage that are complete.</summary>
    public required int Epoch { get; init; }

    /// <summary>Steps of the whole plan that are done.</summary>
    public required long Step { get; init; }

    /// <summary>Accuracy on the selection split, for epoch checkpoints that were evaluated.</summary>
    public double? Accuracy { get; init; }
}

/// <summary>An artifact lies complete in the work folder.</summary>
[Case("artifact", "An artifact lies complete in the work folder.")]
public sealed record ArtifactWritten : TrainerEvent
{
    /// <summary>The artifact's name, e.g. <c>student.best.safetensors</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The file, relative to the work folder.</summary>
    public required string Path { get; init; }

    /// <summary>Its media type.</summary>
    public required string MediaType { get; init; }
}

/// <summary>The plan is done; the last event of a run.</summary>
[Case("finished", "The plan is done.")]
public sealed record RunFinished : TrainerEvent
{
    /// <summary>What came of it.</summary>
    public required RunReport Report { get; init; }
}

/// <summary>The run stopped on request; its resume checkpoint was announced before.</summary>
[Case("stopped", "The run stopped on request, resumable.")]
public sealed record RunStopped : TrainerEvent
{
    /// <summary>Steps done.</summary>
    public required long Step { get; init; }
}

/// <summary>The run cannot go on.</summary>
[Case("failed", "The run cannot go on.")]
public sealed record RunFailed : TrainerEvent
{
    /// <summary>Why.</summary>
    public required FailureCode Code { get; init; }

    /// <summary>In words, with the field, file or step concerned.</summary>
    public required string Message { get; init; }

    /// <summary>The step, if training had begun.</summary>
    public long? Step { get; init; }
}
