using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Distillation.Weights;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>
/// Everything a run needs to go on as if nothing had happened, in one safetensors file: the state, the networks and optimisers at work,
/// torch's random numbers. Tensors are named <c>learner/MODEL/network/...</c>, <c>learner/MODEL/optimizer/...</c>,
/// <c>learner/MODEL/losses/...</c>, <c>augmenter/...</c>, <c>best/...</c>, <c>finished/STAGE/best/...</c>,
/// <c>finished/STAGE/last/...</c> and <c>random</c>; the rest is a JSON header in the metadata.
/// </summary>
internal sealed class ResumeCheckpoint : IDisposable
{
    private const string HeaderKey = "kdservice.resume";
    private const int Version = 2;
    private const string AugmenterPrefix = "augmenter/";
    private const string BestPrefix = "best/";
    private const string RandomName = "random";

    /// <summary>How far the run is.</summary>
    public required RunState State { get; init; }

    /// <summary>Running sums of the epoch at work.</summary>
    public EpochSums Sums { get; init; }

    /// <summary>The work done.</summary>
    public required Dictionary<string, WorkItem> Work { get; init; }

    /// <summary>Training samples that were counted in the data; null in checkpoints of earlier versions.</summary>
    public int? TrainSamples { get; init; }

    /// <summary>Seconds of training, all attempts together.</summary>
    public required double Seconds { get; init; }

    /// <summary>State of torch's random numbers.</summary>
    public required Tensor Random { get; init; }

    /// <summary>The networks at work, by id; empty at the start of a stage, whose weights the plan decides.</summary>
    public IReadOnlyDictionary<string, LearnerState> Learners { get; init; } = new Dictionary<string, LearnerState>();

    /// <summary>What the augmenter remembers.</summary>
    public IReadOnlyDictionary<string, Tensor> Augmenter { get; init; } = new Dictionary<string, Tensor>();

    /// <summary>Writes the checkpoint; the file is complete or absent.</summary>
    /// <exception cref="RunException">The disk is full.</exception>
    public void Write(string path, Plan plan)
    {
        var tensors = new Dictionary<string, Tensor> { [RandomName] = Random };
        void Add(string prefix, IReadOnlyDictionary<string, Tensor> part)
        {
            foreach (var (name, tensor) in part) tensors.Add(prefix + name, tensor);
        }
        foreach (var (id, learner) in Learners)
        {
            Add(NetworkPrefix(id), learner.Network.Tensors);
            Add(OptimizerPrefix(id), learner.Optimizer);
            Add(LossesPrefix(id), learner.Losses);
        }
        Add(AugmenterPrefix, Augmenter);
        if (State.Best is { } bestSoFar) Add(BestPrefix, bestSoFar.Weights.Tensors);
        foreach (var (stage, trained) in State.Finished)
        {
            Add(FinishedPrefix(stage, WeightsOf.Best), trained.Best.Weights.Tensors);
            Add(FinishedPrefix(stage, WeightsOf.Last), trained.Last.Tensors);
        }
        var header = new Header
        {
            Version = Version,
            Plan = Digest(plan),
            Stage = State.Stage,
            Epoch = State.Epoch,
            StepOfEpoch = State.StepOfEpoch,
            Step = State.Step,
            Seconds = Seconds,
            Sums = Sums,
            Learners = [.. Learners.Keys],
            Anchor = State.Anchor,
            Best = State.Best is { } best ? new EpochHeader(best.Epoch, best.Result) : null,
            Finished = State.Finished.ToDictionary(entry => entry.Key, entry => new EpochHeader(entry.Value.Best.Epoch, entry.Value.Best.Result)),
            Signals = State.Signals,
            Work = Work,
            TrainSamples = plan.CountedTrainSamples,
        };
        Safetensors.Write(path, tensors.Select(entry => (entry.Key, entry.Value)), new Dictionary<string, string> { [HeaderKey] = Json.Write(header) });
    }

    /// <summary>Reads a checkpoint of a plan.</summary>
    /// <exception cref="RunException">It is damaged, or belongs to another plan or to another version of the trainer.</exception>
    public static ResumeCheckpoint Read(string path, Plan plan)
    {
        var (tensors, metadata) = Safetensors.Read(path);
        var header = ReadHeader(path, metadata);
        if (header.Version != Version || header.Plan != Digest(plan))
        {
            foreach (var tensor in tensors.Values) tensor.Dispose();
            throw new RunException(FailureCode.InvalidPlan, header.Version != Version
                ? $"{path}: a resume checkpoint of form {header.Version}; this trainer reads form {Version}"
                : $"{path}: a resume checkpoint of another plan; one of this plan, or none to start anew");
        }
        Dictionary<string, Tensor> Take(string prefix) =>
            tensors.Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(entry => entry.Key[prefix.Length..], entry => entry.Value);
        BestEpoch Epoch(string prefix, EpochHeader epoch) => new(new Snapshot(Take(prefix)), epoch.Epoch, epoch.Result);
        var state = new RunState
        {
            Stage = header.Stage,
            Epoch = header.Epoch,
            StepOfEpoch = header.StepOfEpoch,
            Step = header.Step,
            Best = header.Best is { } best ? Epoch(BestPrefix, best) : null,
            Anchor = header.Anchor,
            Finished = header.Finished.ToDictionary(entry => entry.Key, entry =>
                new TrainedStage(Epoch(FinishedPrefix(entry.Key, WeightsOf.Best), entry.Value), new Snapshot(Take(FinishedPrefix(entry.Key, WeightsOf.Last))))),
            Signals = header.Signals,
        };
        return new ResumeCheckpoint
        {
            State = state,
            Sums = header.Sums,
            Work = header.Work,
            TrainSamples = header.TrainSamples,
            Seconds = header.Seconds,
            Random = tensors[RandomName],
            Learners = header.Learners.ToDictionary(id => id, id => new LearnerState(new Snapshot(Take(NetworkPrefix(id))), Take(OptimizerPrefix(id)), Take(LossesPrefix(id)))),
            Augmenter = Take(AugmenterPrefix),
        };
    }

    /// <summary>Releases what only the start of a stage needs; the state lives on.</summary>
    public void Dispose()
    {
        Random.Dispose();
        foreach (var learner in Learners.Values)
        {
            learner.Network.Dispose();
            foreach (var tensor in learner.Optimizer.Values.Concat(learner.Losses.Values)) tensor.Dispose();
        }
        foreach (var tensor in Augmenter.Values) tensor.Dispose();
    }

    private static string NetworkPrefix(string id) => $"learner/{id}/network/";

    private static string OptimizerPrefix(string id) => $"learner/{id}/optimizer/";

    private static string LossesPrefix(string id) => $"learner/{id}/losses/";

    private static string FinishedPrefix(string stage, WeightsOf weights) => $"finished/{stage}/{(weights == WeightsOf.Best ? "best" : "last")}/";

    private static string Digest(Plan plan) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Json.Write(plan))));

    private static Header ReadHeader(string path, IReadOnlyDictionary<string, string> metadata)
    {
        if (!metadata.TryGetValue(HeaderKey, out var json))
            throw new RunException(FailureCode.DataCorrupt, $"{path}: no {HeaderKey} in its metadata; a resume checkpoint that the trainer wrote");
        try
        {
            return Json.Read<Header>(json);
        }
        // The file is whole safetensors, yet its header is not ours: damaged, or made by something else.
        catch (JsonException e)
        {
            throw new RunException(FailureCode.DataCorrupt, $"{path}: {HeaderKey} in its metadata does not read ({e.Message}); a resume checkpoint that the trainer wrote", e);
        }
    }

    private sealed record Header
    {
        public required int Version { get; init; }
        public required string Plan { get; init; }
        public required int Stage { get; init; }
        public required int Epoch { get; init; }
        public required int StepOfEpoch { get; init; }
        public required long Step { get; init; }
        public required double Seconds { get; init; }
        public required EpochSums Sums { get; init; }
        public required IReadOnlyList<string> Learners { get; init; }
        public AnchorChoice? Anchor { get; init; }
        public EpochHeader? Best { get; init; }
        public required Dictionary<string, EpochHeader> Finished { get; init; }
        public required Dictionary<string, SignalCost> Signals { get; init; }
        public required Dictionary<string, WorkItem> Work { get; init; }
        public int? TrainSamples { get; init; }
    }

    private sealed record EpochHeader(int Epoch, EvaluationResult Result);
}
