using KdService.Core.Architectures;
using KdService.Core.Datasets;
using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>A loss, as data. <c>z_S</c>, <c>z_T</c>: student's and teacher's logits <c>[batch, classes]</c>.</summary>
[Union("name")]
public abstract record Objective
{
    /// <summary>Whether the loss needs the teacher, and the stage therefore a curriculum.</summary>
    public abstract bool NeedsTeacher { get; }

    /// <summary>Whether the loss makes sense where a value is predicted, and no class.</summary>
    public virtual bool FitsValues => false;

    /// <summary>Whether the loss makes sense where a span is predicted: start and end are classes, of which every text has its own number.</summary>
    public virtual bool FitsSpans => false;

    /// <summary>The features that the loss reads, in pairs; empty for losses on logits.</summary>
    /// <param name="student">The network that is trained.</param>
    /// <param name="teacher">The network that teaches.</param>
    /// <param name="dataset">What they tell apart.</param>
    public virtual IReadOnlyList<TapPair> TapsOf(Architecture student, Architecture teacher, Dataset dataset) => [];

    /// <summary>What the loss holds beside the networks and their features; nothing for losses without weights or memory of their own.</summary>
    /// <param name="pairs">The features that it compares.</param>
    /// <param name="trainSamples">Samples of the training set.</param>
    /// <param name="batchSize">Samples of a batch.</param>
    public virtual ObjectiveSize SizeOf(IReadOnlyList<(Tap Student, Tap Teacher)> pairs, int trainSamples, int batchSize) => default;

    /// <summary>Notes what the options' ranges cannot say: conditions on the networks and the stage.</summary>
    /// <param name="setting">Where the loss is used.</param>
    /// <param name="pointer">JSON pointer to the loss, or to the method that chose it.</param>
    /// <param name="problems">Takes the problems.</param>
    public virtual void Check(ObjectiveSetting setting, string pointer, ProblemList problems)
    {
    }
}

/// <summary>What a loss holds beside the networks and their features.</summary>
/// <param name="Parameters">Weights that learn with the network.</param>
/// <param name="Values">Numbers of 4 bytes: what is remembered of samples, and the largest tensors of a step.</param>
public readonly record struct ObjectiveSize(long Parameters, long Values);

/// <summary>A feature of the student and the teacher's that it is compared with.</summary>
public sealed record TapPair
{
    /// <summary>A tap of the student.</summary>
    [Field("A tap of the student: a module's name in the weights such as layer2 or layer2.0.conv1; preact in a residual block for its sum before the ReLU; or embedding, the input of the last layer.", MaxLength = 100)]
    public required string Student { get; init; }

    /// <summary>A tap of the teacher.</summary>
    [Field("The tap of the teacher that it is compared with.", MaxLength = 100)]
    public required string Teacher { get; init; }
}

/// <summary>Where a loss is used.</summary>
/// <param name="Student">The network that is trained.</param>
/// <param name="Teacher">The network that teaches; null without one.</param>
/// <param name="Dataset">The data.</param>
/// <param name="Epochs">Epochs of the stage.</param>
/// <param name="Curriculum">What the teacher shows; null without one.</param>
public sealed record ObjectiveSetting(Architecture Student, Architecture? Teacher, Dataset Dataset, int Epochs, Curriculum? Curriculum);

/// <summary>A loss with its weight in the sum that a stage minimises.</summary>
public sealed record LossTerm
{
    /// <summary>The factor on the loss.</summary>
    [Field("The factor on the loss.", Min = 0, Max = 1_000_000)]
    public double Weight { get; init; } = 1;

    /// <summary>The loss.</summary>
    [Field("The loss.")]
    public required Objective Objective { get; init; }

    /// <summary>Epochs over which the weight rises.</summary>
    [Field("Epochs over which the weight rises evenly, epoch by epoch; the last of them has all of it.", Min = 0, Max = 100_000)]
    public int WarmupEpochs { get; init; }

    /// <summary>The weight in an epoch, from 0: <c>weight min((epoch + 1) / warm-up, 1)</c>, as mdistiller's, which counts epochs from 1.</summary>
    public double WeightAt(int epoch) => WarmupEpochs == 0 ? Weight : Weight * Math.Min(1, (epoch + 1.0) / WarmupEpochs);
}
