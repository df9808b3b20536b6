using KdService.Core.Plans;
using KdService.Core.Schema;

namespace KdService.Core.Methods.Custom;

/// <summary>A network of the user's plan, besides the spec's teacher and student.</summary>
public sealed record CustomModel
{
    /// <summary>Its id.</summary>
    [Field("The name by which stages refer to it.", MaxLength = 32, Pattern = "[a-z][a-z0-9_]*")]
    public required string Id { get; init; }

    /// <summary>Its network.</summary>
    [Field("A network; GET /v1/models lists them.", MaxLength = 64)]
    public required string Model { get; init; }

    /// <summary>Its seed.</summary>
    [Field("Seed of its initial weights; the spec's when left out.", Min = 0, Max = 9007199254740991)]
    public long? Seed { get; init; }
}

/// <summary>One stretch of training, in the user's words.</summary>
public sealed record CustomStage
{
    /// <summary>Its name.</summary>
    [Field("The stage's name, unique in the plan.", MaxLength = 32, Pattern = "[a-z][a-z0-9_]*")]
    public required string Name { get; init; }

    /// <summary>What it trains.</summary>
    [Field("The network that is trained: student, or one of models.", MaxLength = 32)]
    public string Trains { get; init; } = PlanBuilder.Student;

    /// <summary>Its epochs.</summary>
    [Field("Passes over the training samples; training.epochs when left out.", Min = 1, Max = 100_000)]
    public int? Epochs { get; init; }

    /// <summary>Its batch size.</summary>
    [Field("Samples per optimiser step; training.batch_size when left out.", Min = 1, Max = 65_536)]
    public int? BatchSize { get; init; }

    /// <summary>Its losses.</summary>
    [Field("The losses whose weighted sum is minimised, at most 16.", MaxItems = 16)]
    public required IReadOnlyList<LossTerm> Losses { get; init; }

    /// <summary>What the teacher shows.</summary>
    [Field("What teaches, and what it shows in which epoch; the spec's teacher as it is when left out and a loss needs one.")]
    public CustomCurriculum? Curriculum { get; init; }

    /// <summary>Auxiliary samples.</summary>
    [Field("Makes auxiliary samples, on which the student is to agree with what teaches it.")]
    public Augmenter? Augmenter { get; init; }

    /// <summary>Networks trained beside it.</summary>
    [Field("Networks trained beside this one on the same batches, at most 8.", MaxItems = 8)]
    public IReadOnlyList<CustomPeer> Peers { get; init; } = [];

    /// <summary>How weights are updated.</summary>
    [Field("How weights are updated; training.optimizer when left out.")]
    public Optimizer? Optimizer { get; init; }

    /// <summary>The learning rate over the stage.</summary>
    [Field("The learning rate over the stage; training.schedule when left out.")]
    public LrSchedule? Schedule { get; init; }

    /// <summary>Where its weights come from.</summary>
    [Field("An earlier stage whose weights the network starts from; its initial weights when left out.")]
    public CustomStart? StartFrom { get; init; }
}

/// <summary>Where a stage's weights come from.</summary>
public sealed record CustomStart
{
    /// <summary>The earlier stage.</summary>
    [Field("The name of an earlier stage that trained the same network.", MaxLength = 32)]
    public required string Stage { get; init; }

    /// <summary>Which of its weights.</summary>
    [Field("Its best or its last weights.")]
    public WeightsOf Weights { get; init; }
}

/// <summary>What teaches a stage, in the user's words.</summary>
public sealed record CustomCurriculum
{
    /// <summary>What teaches.</summary>
    [Field("The network that teaches: teacher, one that an earlier stage trained, or a peer of this stage.", MaxLength = 32)]
    public string Source { get; init; } = PlanBuilder.Teacher;

    /// <summary>Further teachers.</summary>
    [Field("Further networks whose answers are averaged with the source's, at most 16.", MaxLength = 32, MaxItems = 16)]
    public IReadOnlyList<string> With { get; init; } = [];

    /// <summary>What is averaged.</summary>
    [Field("Average the logits, or the probabilities at temperature 1.")]
    public Averaging Averaging { get; init; }

    /// <summary>Which weights of the sources.</summary>
    [Field("Best or last weights of sources that earlier stages trained.")]
    public WeightsOf Weights { get; init; }

    /// <summary>The annealing steps.</summary>
    [Field("Scale the logits by the annealing factor, in so many steps, as annealing_kd does.", Min = 1, Max = 100)]
    public int? AnnealFrom { get; init; }

    /// <summary>Checkpoints to follow.</summary>
    [Field("Follow so many checkpoints of the spec's teacher, evenly spaced, each for an equal share of the epochs, as pro_kd does.", Min = 1, Max = 100_000)]
    public int? Checkpoints { get; init; }
}

/// <summary>A network that is trained beside a stage's own.</summary>
public sealed record CustomPeer
{
    /// <summary>The network.</summary>
    [Field("One of models.", MaxLength = 32)]
    public required string Trains { get; init; }

    /// <summary>Its losses.</summary>
    [Field("The losses whose weighted sum it minimises, at most 16.", MaxItems = 16)]
    public required IReadOnlyList<LossTerm> Losses { get; init; }

    /// <summary>What teaches it.</summary>
    [Field("The network that teaches it, as it is; needed where a loss needs a teacher.", MaxLength = 32)]
    public string? Source { get; init; }
}
