using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Core.Runs;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>What the teacher shows the training loop, which never knows whether a network or kept logits answered.</summary>
internal interface ITeacherSignal : IDisposable
{
    /// <summary>Makes an epoch's signal ready before its first step.</summary>
    /// <param name="view">The view that the epoch shows; null without augmentation.</param>
    /// <param name="firstShowing">Whether no earlier epoch of the stage showed that view.</param>
    void Prepare(int? view, bool firstShowing);

    /// <summary>The teacher's logits <c>[batch, classes]</c>.</summary>
    /// <param name="batch">Samples of the training set, in the order of the batch.</param>
    /// <param name="images">The same samples as inputs, in the epoch's view.</param>
    Tensor Logits(ReadOnlySpan<int> batch, Tensor images);

    /// <summary>What the signal has cost in this stage, all attempts together.</summary>
    SignalCost Cost { get; }
}

/// <summary>What a teacher's signal has cost.</summary>
/// <param name="Computed">Samples that the teacher answered for.</param>
/// <param name="Seconds">What that took.</param>
/// <param name="Paced">Samples whose cost was measured, by this job or by the one that kept the logits.</param>
/// <param name="PacedSeconds">What those took.</param>
internal readonly record struct SignalCost(long Computed, double Seconds, long Paced, double PacedSeconds)
{
    /// <summary>Both together.</summary>
    public static SignalCost operator +(SignalCost one, SignalCost other) =>
        new(one.Computed + other.Computed, one.Seconds + other.Seconds, one.Paced + other.Paced, one.PacedSeconds + other.PacedSeconds);
}

/// <summary>Decides how a stage's teacher signal is obtained.</summary>
internal static class TeacherSignals
{
    /// <summary>
    /// Live or cached. Under <see cref="TeacherSignal.Auto"/> logits are kept when some view is shown twice in the stage, or when
    /// nothing is augmented, so that other jobs can use them.
    /// </summary>
    /// <exception cref="RunException">The plan wants unlimited views kept.</exception>
    public static TeacherSignal KindFor(Plan plan, Stage stage) => (plan.TeacherSignal, plan.Dataset.DistinctViews) switch
    {
        (TeacherSignal.Live, _) or (TeacherSignal.Auto, null) => TeacherSignal.Live,
        (TeacherSignal.Cached, null) => throw new RunException(FailureCode.InvalidPlan,
            "teacher_signal: cached given with unlimited views; a bounded number of dataset.views, or live"),
        (TeacherSignal.Auto, { } views) when views >= stage.Epochs && plan.Dataset.Augmentation != Augmentation.None => TeacherSignal.Live,
        _ => TeacherSignal.Cached,
    };

    /// <summary>Opens a stage's signal.</summary>
    /// <param name="run">The run.</param>
    /// <param name="stage">The stage; it has a curriculum.</param>
    /// <param name="teacher">The network that gives the signal.</param>
    /// <param name="cost">What earlier attempts spent on it.</param>
    public static ITeacherSignal Open(RunContext run, Stage stage, TeacherNetwork teacher, SignalCost cost) => KindFor(run.Plan, stage) switch
    {
        TeacherSignal.Live => new LiveSignal(teacher, run.Device, cost),
        _ => new CachedSignal(new TeacherLogits(run, teacher), run.Data.Train, WorkItems.Teacher(stage), cost),
    };

    /// <summary>In words, for people who watch.</summary>
    public static string Describe(Plan plan, Stage stage) => KindFor(plan, stage) == TeacherSignal.Live
        ? "live: the teacher runs on every batch"
        : plan.Dataset.Augmentation == Augmentation.None
            ? "cached: the teacher runs once per sample"
            : $"cached: the teacher runs once per sample and view, {Math.Min(stage.Epochs, plan.Dataset.Views)} views";

    /// <summary>How it went, for the report.</summary>
    public static SignalReport Report(Plan plan, Stage stage, SignalCost cost)
    {
        var live = KindFor(plan, stage) == TeacherSignal.Live;
        var secondsPerSample = cost.Paced > 0 ? cost.PacedSeconds / cost.Paced : 0;
        return new SignalReport
        {
            Stage = stage.Name,
            Signal = live ? TeacherSignal.Live : TeacherSignal.Cached,
            Views = live ? null : Math.Min(stage.Epochs, plan.Dataset.DistinctViews!.Value),
            PassesMade = (double)cost.Computed / plan.TrainSamples,
            PassesLive = stage.Epochs,
            Seconds = cost.Seconds,
            SecondsSaved = live ? 0 : Math.Max(0, (long)stage.Epochs * plan.TrainSamples - cost.Computed) * secondsPerSample,
        };
    }
}
