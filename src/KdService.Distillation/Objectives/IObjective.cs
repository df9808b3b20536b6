using static TorchSharp.torch;

namespace KdService.Distillation.Objectives;

/// <summary>A loss to minimise.</summary>
public interface IObjective
{
    /// <summary>The loss of a batch, a float scalar.</summary>
    Tensor Loss(TrainingBatch batch);

    /// <summary>
    /// What of the loss itself learns or remembers (projections between features, memory banks): its parameters are trained with the
    /// network, its buffers are part of resume checkpoints; null without any.
    /// </summary>
    nn.Module? Learned => null;
}

/// <summary>What a loss may look at.</summary>
public sealed record TrainingBatch
{
    private static readonly IReadOnlyDictionary<string, Tensor> None = new Dictionary<string, Tensor>();

    /// <summary>The student's logits <c>[batch, classes]</c>.</summary>
    public required Tensor Logits { get; init; }

    /// <summary>True classes, int64 <c>[batch]</c>; true values, float <c>[batch]</c>, where values are predicted.</summary>
    public required Tensor Labels { get; init; }

    /// <summary>Whether values are predicted: <see cref="Logits"/> is <c>[batch, 1]</c> then, and has no softmax.</summary>
    public bool PredictsValues => Labels.dtype == float32;

    /// <summary>
    /// The teacher's logits <c>[batch, classes]</c>, already scaled by the curriculum's factor; null where no loss needs a teacher.
    /// </summary>
    public Tensor? TeacherLogits { get; init; }

    /// <summary>The curriculum's factor on the teacher's logits, Phi of Jafari et al. (2021).</summary>
    public double LogitFactor { get; init; } = 1;

    /// <summary>The student's features <c>[batch, ...]</c> by tap, with their graph.</summary>
    public IReadOnlyDictionary<string, Tensor> Features { get; init; } = None;

    /// <summary>The teacher's features <c>[batch, ...]</c> by tap.</summary>
    public IReadOnlyDictionary<string, Tensor> TeacherFeatures { get; init; } = None;

    /// <summary>Which samples these are, int64 <c>[batch]</c>: their places among the training samples, from 0; on the batch's device.</summary>
    public Tensor? Samples { get; init; }

    /// <summary>Where texts have no tokens any more, bool <c>[batch, length]</c>; null where inputs are no texts.</summary>
    public Tensor? Padding { get; init; }

    /// <summary>Epochs of the stage that are done.</summary>
    public int Epoch { get; init; }

    /// <summary>
    /// Which classes count, float <c>[batch, classes]</c> of 1 and 0; null where all do. Where a span is predicted a text's classes are
    /// its tokens, and texts differ in length (<see cref="SpanRows"/>).
    /// </summary>
    public Tensor? Counted { get; init; }

    /// <summary>The teacher's logits.</summary>
    /// <exception cref="InvalidOperationException">There are none.</exception>
    public Tensor Taught => TeacherLogits ?? throw new InvalidOperationException("the objective needs the teacher's logits");
}

/// <summary>What a loss is made for.</summary>
public sealed record ObjectiveContext
{
    /// <summary>Number of classes.</summary>
    public required int Classes { get; init; }

    /// <summary>Training samples, which <see cref="TrainingBatch.Samples"/> counts.</summary>
    public required int TrainSamples { get; init; }

    /// <summary>The classes of the training samples, for losses that choose among them.</summary>
    public IReadOnlyList<int> TrainLabels { get; init; } = [];

    /// <summary>The features it reads, in pairs: the student's and the teacher's.</summary>
    public IReadOnlyList<(Core.Architectures.Tap Student, Core.Architectures.Tap Teacher)> Taps { get; init; } = [];

    /// <summary>Weights <c>[classes, features]</c> of the teacher's last linear layer; null where several networks teach, or one that is itself trained here.</summary>
    public Tensor? TeacherClassifier { get; init; }

    /// <summary>Epochs of the stage.</summary>
    public int Epochs { get; init; }

    /// <summary>Where tensors live.</summary>
    public Device Device { get; init; } = CPU;
}
