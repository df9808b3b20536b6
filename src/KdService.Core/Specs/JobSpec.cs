using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Schema;

namespace KdService.Core.Specs;

/// <summary>What a user asks for: data, a teacher, a student, a method and how to train.</summary>
public sealed record JobSpec
{
    /// <summary>The version of this document's form.</summary>
    public const int CurrentSchemaVersion = 1;

    /// <summary>The form of this document.</summary>
    [Field("The form of this document; 1.", Min = 1, Max = CurrentSchemaVersion)]
    public int SchemaVersion { get; init; } = CurrentSchemaVersion;

    /// <summary>A name for people.</summary>
    [Field("A name for people; made from the student and the method when left out.", MaxLength = 100, Pattern = @"[^\p{Cc}]+")]
    public string? Name { get; init; }

    /// <summary>Key-value pairs to find jobs by.</summary>
    [Field("Key-value pairs to find jobs by, at most 32.", MaxLength = 255)]
    public Dictionary<string, string> Labels { get; init; } = [];

    /// <summary>The line the job waits in.</summary>
    [Field("The queue the job waits in; nodes choose which they serve.", MaxLength = 64, Pattern = "[a-z0-9][a-z0-9_.:-]*")]
    public string Queue { get; init; } = "cpu";

    /// <summary>The seed of everything random.</summary>
    [Field("Seeds the initial weights and the data order, and the augmentation where views are unlimited. The holdout and bounded views are the same for all seeds, so that jobs share a teacher's logits.", Min = 0, Max = 9007199254740991)]
    public long Seed { get; init; }

    /// <summary>The data.</summary>
    [Field("The data to train and evaluate on.")]
    public required Dataset Dataset { get; init; }

    /// <summary>The teacher; required by methods that have one.</summary>
    [Field("The teacher: a network to train (shared by all jobs that ask for the same), a finished job, or an imported model.")]
    public TeacherSpec? Teacher { get; init; }

    /// <summary>The network to train.</summary>
    [Field("The network that the job is for.")]
    public required StudentSpec Student { get; init; }

    /// <summary>How to train it.</summary>
    [Field("The distillation method and its options; GET /v1/methods lists them.")]
    public required Method Method { get; init; }

    /// <summary>Epochs, batches, optimiser.</summary>
    [Field("Epochs, batch size, optimiser and learning-rate schedule.")]
    public TrainingSpec Training { get; init; } = new();

    /// <summary>How networks are evaluated.</summary>
    [Field("How networks are evaluated and the best epoch is chosen.")]
    public EvaluationPlan Evaluation { get; init; } = new();

    /// <summary>How the teacher's logits are obtained.</summary>
    [Field("live: the teacher runs on every batch. cached: it runs once per sample and view, for all jobs of the node that ask the same. auto: cached where views are bounded and losses are on logits.")]
    public TeacherSignal TeacherSignal { get; init; }

    /// <summary>Keep the weights of every so many epochs.</summary>
    [Field("Keep the weights of every so many epochs as checkpoints of their own; when left out there are none; the best and the last weights are artifacts in any case.", Min = 1, Max = 100_000)]
    public int? CheckpointEveryEpochs { get; init; }

    /// <summary>Whether the teacher's signal is diagnosed.</summary>
    [Field("Diagnose the teacher's signal at the end, after Tang et al. (2020): what it does to the gradient of each training sample, how it relates classes, how sure it is; artifacts diagnosis.json and diagnosis.svg.")]
    public bool Diagnosis { get; init; }

    /// <summary>What the job may use.</summary>
    [Field("Threads, time and tries that the job may use.")]
    public ResourceSpec Resources { get; init; } = new();

    /// <summary>The name given, or one made from the student and the method.</summary>
    public string DisplayName => Name ?? $"{Student.Model}-{Method.Name}";
}

/// <summary>The network that a job trains.</summary>
public sealed record StudentSpec
{
    /// <summary>A network of the catalogue.</summary>
    [Field("A network; GET /v1/models lists them.", MaxLength = 64)]
    public required string Model { get; init; }

    /// <summary>The weights that it begins with.</summary>
    [Field("The weights that the student begins with; drawn from the seed when left out.", Evidence = "ours")]
    public Initialization? Init { get; init; }
}

/// <summary>A teacher: a recipe to train one, or a finished job that did.</summary>
public sealed record TeacherSpec
{
    /// <summary>A network to train as the teacher.</summary>
    [Field("A network to train on the labels as the teacher; instead of job and imported.", MaxLength = 64)]
    public string? Model { get; init; }

    /// <summary>The weights that it begins with.</summary>
    [Field("The weights that a teacher to train begins with: random, drawn from its seed, or imported, which fine-tunes an imported model of that network on the data; random when left out.", Evidence = "ours")]
    public Initialization? Init { get; init; }

    /// <summary>The seed of the teacher.</summary>
    [Field("The teacher's seed; 0 when left out, so that jobs of several seeds share one teacher.", Min = 0, Max = 9007199254740991)]
    public long? Seed { get; init; }

    /// <summary>How the teacher is trained.</summary>
    [Field("How the teacher is trained; as the student when left out.")]
    public TrainingSpec? Training { get; init; }

    /// <summary>A finished job whose student is the teacher.</summary>
    [Field("The id of a succeeded job whose student is this job's teacher; instead of model and imported.", MaxLength = 26, Pattern = SortableId.Pattern)]
    public string? Job { get; init; }

    /// <summary>An imported model that is the teacher.</summary>
    [Field("The id of an imported model that is the teacher as it is; with kd run, a Hugging Face folder. Instead of model and job.", MaxLength = 1024)]
    public string? Imported { get; init; }

    /// <summary>Which of the teacher's weights.</summary>
    [Field("Which of the teacher's weights: those of its best epoch or of its last.")]
    public WeightsOf Weights { get; init; }

    /// <summary>Checkpoints of the teacher's training that are kept.</summary>
    [Field("How many checkpoints of its training, evenly spaced, the teacher's job keeps at least, for methods that follow them (pro_kd, rco).", Min = 1, Max = 1000)]
    public int Checkpoints { get; init; } = 10;
}

/// <summary>How a network is trained.</summary>
public sealed record TrainingSpec
{
    /// <summary>Passes over the training samples, all stages of the student together.</summary>
    [Field("Passes over the training samples; two-stage methods divide them.", Min = 1, Max = 100_000)]
    public int Epochs { get; init; } = 30;

    /// <summary>Samples per optimiser step.</summary>
    [Field("Samples per optimiser step.", Min = 1, Max = 65_536)]
    public int BatchSize { get; init; } = 128;

    /// <summary>How weights are updated.</summary>
    [Field("How weights are updated; each stage starts with a fresh optimiser.")]
    public Optimizer Optimizer { get; init; } = new Sgd();

    /// <summary>The learning rate over a stage.</summary>
    [Field("The learning rate over a stage; restarts with each.")]
    public LrSchedule Schedule { get; init; } = new MultiStep();

    /// <summary>The norm that gradients are scaled down to.</summary>
    [Field("Gradients of a step are scaled down to this L2 norm, all weights together, where theirs is greater; when left out they are as they are.", Min = 0, ExclusiveMin = true, Max = 1_000_000, Evidence = "[read: KDNLP] 5")]
    public double? MaxGradientNorm { get; init; }

    /// <summary>The type that networks multiply in.</summary>
    [Field("fp32, or bf16: matrix products in bfloat16 where the device is made for it (GPUs from compute capability 8, processors with AVX512-BF16), else in float, as report.json says. Weights, normalisation, softmax, losses and optimisers are float always. Networks of texts only.", Evidence = "ours")]
    public Precision Precision { get; init; }
}

/// <summary>What a job may use.</summary>
public sealed record ResourceSpec
{
    /// <summary>CPU threads of the trainer.</summary>
    [Field("CPU threads of the trainer, at most as many as the node has cores; the slot's share of them when left out. One thread makes results bit-identical across runs.", Min = 1, Max = 1024)]
    public int? Threads { get; init; }

    /// <summary>Seconds after which an attempt is stopped and the job fails.</summary>
    [Field("Seconds of running, all attempts together, after which the job fails with time_limit; no limit when left out.", Min = 1, Max = 31_536_000)]
    public int? TimeLimitSeconds { get; init; }

    /// <summary>Attempts before the job fails.</summary>
    [Field("Attempts, the first included, before a job whose trainer dies fails.", Min = 1, Max = 100)]
    public int MaxAttempts { get; init; } = 5;
}
