namespace KdService.Core.Plans;

/// <summary>What a stage's teacher is shown in an epoch, and as whom it answers: epochs with equal showings have equal signals.</summary>
/// <param name="View">The augmented view; null without augmentation.</param>
/// <param name="Checkpoint">The epoch of the teacher's training whose checkpoint answers; null when it has arrived.</param>
public readonly record struct Showing(int? View, int? Checkpoint)
{
    /// <summary>The showing of a stage's epoch, from 0.</summary>
    public static Showing At(Plan plan, Stage stage, int epoch) =>
        new(plan.Dataset.ViewAt(epoch, plan.EpochsBefore(stage)), stage.Curriculum?.Route?[epoch]);

    /// <summary>The showings of all epochs of a stage, in order.</summary>
    public static IEnumerable<Showing> All(Plan plan, Stage stage) => Enumerable.Range(0, stage.Epochs).Select(epoch => At(plan, stage, epoch));

    /// <summary>
    /// How a stage's teacher signal is obtained. Logits are kept where views are bounded: later epochs use them, and other jobs, of other
    /// seeds and methods; features never are, nor the answers of networks that are still being trained.
    /// </summary>
    public static TeacherSignal SignalOf(Plan plan, Stage stage) =>
        MustBeLive(plan, stage) || plan.TeacherSignal == TeacherSignal.Live || plan.Dataset.DistinctViews is null ? TeacherSignal.Live : TeacherSignal.Cached;

    /// <summary>Whether a stage cannot use kept logits.</summary>
    public static bool MustBeLive(Plan plan, Stage stage) =>
        stage.ReadsFeatures(plan) || stage.Curriculum is { Greedy: not null }
        || (stage.Curriculum is { } curriculum && stage.Peers.Any(peer => curriculum.Sources.Contains(peer.Trains)));

    /// <summary>How often the teacher answers for each sample in a stage.</summary>
    public static int TeacherPasses(Plan plan, Stage stage) =>
        SignalOf(plan, stage) == TeacherSignal.Live ? stage.Epochs : All(plan, stage).Distinct().Count();
}
