using KdService.Core.Plans;
using KdService.Core.Runs;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>What the teacher shows the training loop, which never knows whether networks or kept logits answered.</summary>
internal interface ITeacherSignal : IDisposable
{
    /// <summary>Makes an epoch's signal ready before its first step.</summary>
    /// <param name="epoch">Epoch of the stage, from 0.</param>
    /// <param name="showing">What the epoch shows.</param>
    /// <param name="firstShowing">Whether no earlier epoch of the stage showed it.</param>
    void Prepare(int epoch, Showing showing, bool firstShowing);

    /// <summary>The teacher's answer to a batch.</summary>
    /// <param name="batch">Samples of the training set, in the order of the batch.</param>
    /// <param name="inputs">The same samples as inputs, in the epoch's view.</param>
    TeacherAnswer Answer(ReadOnlySpan<int> batch, Tensor inputs);

    /// <summary>
    /// The teacher's logits <c>[batch, classes]</c> for what is no sample of the set, with the graph back to it; the networks' weights stay frozen.
    /// </summary>
    /// <param name="question">Puts it to a network; where several networks teach, to each.</param>
    Tensor Ask(Func<nn.Module<Tensor, Tensor>, Tensor> question);

    /// <summary>The teacher's logits <c>[batch, classes]</c> for inputs that are no samples of the set, without a graph.</summary>
    Tensor Constant(Tensor inputs)
    {
        using var _ = no_grad();
        return Ask(network => network.call(inputs));
    }

    /// <summary>What the signal has cost in this stage, all attempts together.</summary>
    SignalCost Cost { get; }
}

/// <summary>What a teacher says of a batch.</summary>
/// <param name="Logits"><c>[batch, classes]</c>.</param>
/// <param name="Features">The features <c>[batch, ...]</c> that were asked for, by tap.</param>
internal readonly record struct TeacherAnswer(Tensor Logits, IReadOnlyDictionary<string, Tensor> Features)
{
    /// <summary>No features.</summary>
    public static readonly IReadOnlyDictionary<string, Tensor> NoFeatures = new Dictionary<string, Tensor>();

    /// <summary>An answer without features.</summary>
    public TeacherAnswer(Tensor logits) : this(logits, NoFeatures)
    {
    }
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

/// <summary>Opens teacher signals and tells of them.</summary>
internal static class TeacherSignals
{
    /// <summary>Opens the signal of a curriculum.</summary>
    /// <param name="run">The run.</param>
    /// <param name="state">How far it is.</param>
    /// <param name="curriculum">What is shown.</param>
    /// <param name="taps">The features that are wanted of the source.</param>
    /// <param name="teachers">Has the networks that are trained already.</param>
    /// <param name="learners">The networks that are being trained in this stage, the student first.</param>
    public static ITeacherSignal Open(RunContext run, RunState state, Curriculum curriculum, IReadOnlyList<string> taps, Teachers teachers, IReadOnlyList<Learner> learners)
    {
        var stage = run.Plan.Stages[state.Stage];
        var cost = state.Signals.GetValueOrDefault(stage.Name);
        var signals = curriculum.Sources.Select((source, index) =>
        {
            // What earlier attempts spent is counted once, and of several networks only the first shows features.
            var (before, wanted) = index == 0 ? (cost, taps) : (default, []);
            if (learners.FirstOrDefault(learner => learner.Id == source) is { } learner) return new PeerSignal(learner, wanted, before);
            ITeacherSignal OfCheckpoint(int epoch) => OfNetwork(teachers.Checkpoint(source, epoch), owned: true, wanted, default);
            if (curriculum.Greedy is { } greedy) return new GreedySignal(run, state, greedy, learners[0], epoch => teachers.Checkpoint(source, epoch), OfCheckpoint, before);
            return curriculum.Route is null
                ? OfNetwork(teachers.Arrived(source, curriculum.Weights), owned: source != run.Plan.Teacher?.Id, wanted, before)
                : (ITeacherSignal)new RouteSignal(OfCheckpoint, before);
        }).ToList();
        return signals is [var only] ? only : new EnsembleSignal(signals, curriculum.Averaging);

        ITeacherSignal OfNetwork(TeacherNetwork network, bool owned, IReadOnlyList<string> wanted, SignalCost before) => Showing.SignalOf(run.Plan, stage) == TeacherSignal.Live
            ? new LiveSignal(network, owned, wanted, run.Device, before)
            : new CachedSignal(new TeacherLogits(run, network), network, owned, run.Data.Train, WorkItems.Teacher(stage), before);
    }

    /// <summary>In words, for people who watch.</summary>
    public static string Describe(Plan plan, Stage stage) => Showing.SignalOf(plan, stage) == TeacherSignal.Live
        ? "live: the teacher runs on every batch"
        : plan.Dataset.DistinctViews == 1
            ? "cached: the teacher runs once per sample"
            : $"cached: the teacher runs once per sample and view, {Showing.TeacherPasses(plan, stage)} views";

    /// <summary>How it went, for the report.</summary>
    public static SignalReport Report(Plan plan, Stage stage, SignalCost cost)
    {
        var live = Showing.SignalOf(plan, stage) == TeacherSignal.Live;
        var sources = stage.Curriculum!.Sources.Count();
        var secondsPerSample = cost.Paced > 0 ? cost.PacedSeconds / cost.Paced : 0;
        return new SignalReport
        {
            Stage = stage.Name,
            Signal = live ? TeacherSignal.Live : TeacherSignal.Cached,
            Views = live ? null : Showing.TeacherPasses(plan, stage),
            PassesMade = (double)cost.Computed / plan.TrainSamples,
            PassesLive = stage.Epochs * sources,
            Seconds = cost.Seconds,
            SecondsSaved = live ? 0 : Math.Max(0, (long)stage.Epochs * sources * plan.TrainSamples - cost.Computed) * secondsPerSample,
        };
    }
}
