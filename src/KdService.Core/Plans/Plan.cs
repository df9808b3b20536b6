using System.Text.Json.Serialization;
using KdService.Core.Architectures;
using KdService.Core.Datasets;

namespace KdService.Core.Plans;

/// <summary>
/// What will be done about a spec: networks and an ordered list of stages. Pure data; the trainer walks it and knows no methods.
/// </summary>
public sealed record Plan
{
    /// <summary>The data that every stage trains on.</summary>
    public required Dataset Dataset { get; init; }

    /// <summary>How networks are evaluated and which samples are kept aside for it.</summary>
    public required EvaluationPlan Evaluation { get; init; }

    /// <summary>The networks: teacher, assistants, generator, student.</summary>
    public required IReadOnlyList<ModelPlan> Models { get; init; }

    /// <summary>The stages, in order.</summary>
    public required IReadOnlyList<Stage> Stages { get; init; }

    /// <summary>The id of the network that the job is for; its weights become the artifact.</summary>
    public required string Result { get; init; }

    /// <summary>Seed of the data order, and of the augmentation where views are unlimited.</summary>
    public required long Seed { get; init; }

    /// <summary>
    /// Seed of the holdout and of bounded views: one for all jobs, so that jobs of every seed share a teacher's kept logits and no
    /// teacher has trained on the samples that its student's best epoch is chosen on.
    /// </summary>
    public const long DataSeed = 0;

    /// <summary>How the teacher's answers are obtained.</summary>
    public TeacherSignal TeacherSignal { get; init; } = TeacherSignal.Auto;

    /// <summary>The type that networks multiply in.</summary>
    public Precision Precision { get; init; }

    /// <summary>Write the weights of every so many epochs as checkpoints of their own; null for best and last only.</summary>
    public int? CheckpointEveryEpochs { get; init; }

    /// <summary>Diagnose the teacher's signal at the end.</summary>
    public bool Diagnosis { get; init; }

    /// <summary>Seed of the augmented views: <see cref="DataSeed"/> where they are bounded, else the job's.</summary>
    public long ViewSeed => Dataset.DistinctViews is null ? Seed : DataSeed;

    /// <summary>Training samples as counted in the data; null until it has been read, and no part of what was asked for.</summary>
    [JsonIgnore]
    public int? CountedTrainSamples { get; init; }

    /// <summary>Training samples after the holdout was taken: as counted, else as the data set expects.</summary>
    public int TrainSamples => CountedTrainSamples ?? (int)Math.Round((Dataset.UsedTrainSize - Evaluation.HoldoutSamples(Dataset)) * Dataset.SamplesPerExample);

    /// <summary>Optimiser steps of one epoch of a stage; the last batch may be short.</summary>
    public int StepsPerEpoch(Stage stage) => (TrainSamples + stage.BatchSize - 1) / stage.BatchSize;

    /// <summary>Epochs of the stages before one.</summary>
    public int EpochsBefore(Stage stage) => Stages.TakeWhile(earlier => earlier.Name != stage.Name).Sum(earlier => earlier.Epochs);

    /// <summary>Optimiser steps of the whole plan.</summary>
    public long TotalSteps => Stages.Sum(stage => (long)stage.Epochs * StepsPerEpoch(stage));

    /// <summary>The network that arrives trained and that students are compared with; null without one.</summary>
    public ModelPlan? Teacher => Models.FirstOrDefault(model => model.Role == ModelRole.Teacher);

    /// <summary>The epochs of the teacher's training whose checkpoints the stages follow; inputs of the run.</summary>
    public IEnumerable<int> TeacherCheckpoints => Stages.Select(stage => stage.Curriculum).Concat(Stages.SelectMany(stage => stage.Peers).Select(peer => peer.Curriculum))
        .SelectMany(curriculum => curriculum?.Checkpoints ?? []).Distinct();

    /// <summary>The ids of the imported models that the trainer needs.</summary>
    public IEnumerable<string> ImportedModels => Models.Select(model => model.Imported).Append((Dataset as TextDataset)?.Imported?.Model).OfType<string>().Distinct();

    /// <summary>The network with an id.</summary>
    /// <exception cref="InvalidOperationException">The plan has none.</exception>
    public ModelPlan Model(string id) => Models.FirstOrDefault(model => model.Id == id)
        ?? throw new InvalidOperationException($"the plan has no model {id}; it has {string.Join(", ", Models.Select(model => model.Id))}");

    /// <summary>What the network with an id is built for: the data, or the words of its texts where it generates samples.</summary>
    public DataShape ShapeOf(string id) => Model(id).Role == ModelRole.Generator ? Dataset.Shape.OfWords : Dataset.Shape;

    /// <summary>Multiply-accumulate operations of one forward pass of one sample through the network with an id.</summary>
    public long MultiplyAdds(string id) => Network(id).MultiplyAdds(ShapeOf(id));

    /// <summary>What is known of the network with an id.</summary>
    /// <exception cref="InvalidOperationException">The plan has none, or it is not in the catalogue.</exception>
    public Architecture Network(string id) => ArchitectureCatalogue.Find(Model(id).Architecture)
        ?? throw new InvalidOperationException($"the plan names {Model(id).Architecture}, which is not in the catalogue");
}

/// <summary>A network's part in a plan.</summary>
public enum ModelRole
{
    /// <summary>Gives the signal; arrives trained.</summary>
    Teacher,

    /// <summary>Trained from the teacher, then a teacher itself.</summary>
    Assistant,

    /// <summary>What the job is for.</summary>
    Student,

    /// <summary>A masked language model, which makes auxiliary samples.</summary>
    Generator,
}

/// <summary>One network of a plan.</summary>
public sealed record ModelPlan
{
    /// <summary>The name by which stages refer to it, e.g. <c>student</c>, <c>assistant_1</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Its part in the plan.</summary>
    public required ModelRole Role { get; init; }

    /// <summary>Its network, from the catalogue.</summary>
    public required string Architecture { get; init; }

    /// <summary>Trainable parameters.</summary>
    public required long Parameters { get; init; }

    /// <summary>Seed of its initial weights; null when they come as an input.</summary>
    public long? Seed { get; init; }

    /// <summary>The id of the imported model whose weights it begins with; null without one.</summary>
    public string? Imported { get; init; }

    /// <summary>Whether the imported model's head is taken, too.</summary>
    public bool ImportedHead { get; init; }

    /// <summary>For each of its layers the teacher's that it begins with; null where it begins with none.</summary>
    public IReadOnlyList<int>? TeacherLayers { get; init; }

    /// <summary>Name of the input (a safetensors file of the attempt's work folder) that holds its weights; null to start from the seed.</summary>
    public string? WeightsInput { get; init; }
}

/// <summary>Which weights of a trained stage.</summary>
public enum WeightsOf
{
    /// <summary>Those of the epoch with the best accuracy on the selection split.</summary>
    Best,

    /// <summary>Those of the last epoch.</summary>
    Last,
}

/// <summary>One stretch of training with one objective.</summary>
public sealed record Stage
{
    /// <summary>Unique in the plan, e.g. <c>annealing</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The id of the network that is trained.</summary>
    public required string Trains { get; init; }

    /// <summary>Passes over the training samples.</summary>
    public required int Epochs { get; init; }

    /// <summary>Samples per optimiser step.</summary>
    public required int BatchSize { get; init; }

    /// <summary>The losses whose weighted sum is minimised.</summary>
    public required IReadOnlyList<LossTerm> Losses { get; init; }

    /// <summary>What the teacher shows, epoch by epoch; null when no loss has a teacher.</summary>
    public Curriculum? Curriculum { get; init; }

    /// <summary>Makes samples of its own beside the batch; null without one.</summary>
    public Augmenter? Augmenter { get; init; }

    /// <summary>Networks trained beside this one, on the same batches.</summary>
    public IReadOnlyList<Peer> Peers { get; init; } = [];

    /// <summary>How weights are updated; a fresh optimiser for every stage.</summary>
    public required Optimizer Optimizer { get; init; }

    /// <summary>The learning rate over the stage, restarted with it.</summary>
    public required LrSchedule Schedule { get; init; }

    /// <summary>The L2 norm, over all weights, that a step's gradients are scaled down to; null to leave them.</summary>
    public double? MaxGradientNorm { get; init; }

    /// <summary>The earlier stage whose weights the network starts from; null to start from its initial weights.</summary>
    public StartFrom? StartFrom { get; init; }

    /// <summary>Whether a loss reads features, so that the teacher has to run on every batch.</summary>
    public bool ReadsFeatures(Plan plan)
    {
        return Read(Trains, Losses, Curriculum) || Peers.Any(peer => Read(peer.Trains, peer.Losses, peer.Curriculum));

        bool Read(string trains, IReadOnlyList<LossTerm> losses, Curriculum? curriculum) => curriculum is not null
            && losses.Any(term => term.Objective.TapsOf(plan.Network(trains), plan.Network(curriculum.Source), plan.Dataset).Count > 0);
    }
}

/// <summary>A network that is trained beside the stage's own, with its optimiser, schedule and batches, and let go at the stage's end.</summary>
public sealed record Peer
{
    /// <summary>The id of the network.</summary>
    public required string Trains { get; init; }

    /// <summary>Its losses.</summary>
    public required IReadOnlyList<LossTerm> Losses { get; init; }

    /// <summary>What teaches it: often the stage's own network; null when no loss has a teacher.</summary>
    public Curriculum? Curriculum { get; init; }
}

/// <summary>Where a stage's weights come from.</summary>
/// <param name="Stage">An earlier stage's name.</param>
/// <param name="Weights">Which of its weights.</param>
public sealed record StartFrom(string Stage, WeightsOf Weights);

/// <summary>How the teacher's logits reach the training loop.</summary>
public enum TeacherSignal
{
    /// <summary>Cached where the number of views is bounded and losses are on logits; else live.</summary>
    Auto,

    /// <summary>The teacher runs on every batch.</summary>
    Live,

    /// <summary>The teacher runs once per sample and view; its logits are kept.</summary>
    Cached,
}
