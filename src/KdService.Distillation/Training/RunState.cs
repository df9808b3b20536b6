using KdService.Core.Plans;
using KdService.Core.Runs;

namespace KdService.Distillation.Training;

/// <summary>
/// How far a run is and what it will still need: all that decides how it goes on, apart from the plan, the data and the network and
/// optimiser at work. A resume checkpoint is this on disk.
/// </summary>
internal sealed class RunState : IDisposable
{
    /// <summary>The stage at work, from 0; the number of stages when all are done.</summary>
    public int Stage { get; set; }

    /// <summary>Epochs of the stage that are complete, evaluation included.</summary>
    public int Epoch { get; set; }

    /// <summary>Steps of the epoch that are done.</summary>
    public int StepOfEpoch { get; set; }

    /// <summary>Steps of the whole plan that are done.</summary>
    public long Step { get; set; }

    /// <summary>
    /// Steps that are done and told: an epoch's last step is told with its evaluation, so between the two it does not count, and a run
    /// that goes on from there tells it once.
    /// </summary>
    public long StepsTold(Plan plan) => Stage < plan.Stages.Count && StepOfEpoch == plan.StepsPerEpoch(plan.Stages[Stage]) ? Step - 1 : Step;

    /// <summary>Whether the stage's network still has the weights that the plan starts it with.</summary>
    public bool AtStageStart => Epoch == 0 && StepOfEpoch == 0;

    /// <summary>The best epoch of the stage so far; null before the first evaluation.</summary>
    public BestEpoch? Best { get; set; }

    /// <summary>Finished stages, by name, whose weights are still needed.</summary>
    public Dictionary<string, TrainedStage> Finished { get; init; } = [];

    /// <summary>The anchor that the stage follows where it chooses them as it goes; null before the first choice.</summary>
    public AnchorChoice? Anchor { get; set; }

    /// <summary>What the teacher's signal has cost, by stage.</summary>
    public Dictionary<string, SignalCost> Signals { get; init; } = [];

    /// <summary>Keeps what a stage has made, moves to the next, and lets go of what no later stage and no artifact needs.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="last">The weights after the stage's last step; the state owns them from here on.</param>
    public void FinishStage(Plan plan, Snapshot last)
    {
        Finished.Add(plan.Stages[Stage].Name, new TrainedStage(Best ?? throw new InvalidOperationException("a stage ends with an evaluation"), last));
        (Stage, Epoch, StepOfEpoch, Best, Anchor) = (Stage + 1, 0, 0, null, null);
        foreach (var name in Finished.Keys.Where(name => !IsNeeded(plan, name)).ToList())
        {
            Finished.Remove(name, out var unneeded);
            unneeded!.Dispose();
        }
    }

    /// <summary>The latest finished stage that trained a network.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public TrainedStage Trained(Plan plan, string model) =>
        Finished[plan.Stages.Take(Stage).Last(stage => stage.Trains == model).Name];

    /// <inheritdoc />
    public void Dispose()
    {
        Best?.Dispose();
        foreach (var stage in Finished.Values) stage.Dispose();
    }

    // The latest stage of a network gives its artifact, and its signal where it is an assistant.
    private bool IsNeeded(Plan plan, string name) =>
        plan.Stages.Skip(Stage).Any(later => later.StartFrom?.Stage == name)
        || plan.Stages.Take(Stage).Last(stage => stage.Trains == plan.Stages.First(finished => finished.Name == name).Trains).Name == name;
}

/// <summary>Which anchor a stage follows.</summary>
/// <param name="Epoch">The epoch of the stage, from 0, at whose start it was chosen.</param>
/// <param name="Index">Its place among the anchors.</param>
internal sealed record AnchorChoice(int Epoch, int Index);

/// <summary>The epoch of a stage that was best on the selection split.</summary>
/// <param name="Weights">The network's weights after it.</param>
/// <param name="Epoch">From 1.</param>
/// <param name="Result">Results on the selection split.</param>
internal sealed record BestEpoch(Snapshot Weights, int Epoch, EvaluationResult Result) : IDisposable
{
    /// <inheritdoc />
    public void Dispose() => Weights.Dispose();
}

/// <summary>What a finished stage has made.</summary>
/// <param name="Best">Its best epoch.</param>
/// <param name="Last">The weights after its last epoch.</param>
internal sealed record TrainedStage(BestEpoch Best, Snapshot Last) : IDisposable
{
    /// <summary>Its weights of a kind.</summary>
    public Snapshot this[WeightsOf which] => which == WeightsOf.Best ? Best.Weights : Last;

    /// <inheritdoc />
    public void Dispose()
    {
        Best.Dispose();
        Last.Dispose();
    }
}
