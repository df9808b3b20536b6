using KdService.Core.Architectures;
using KdService.Core.Datasets;
using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>How student and teacher are compared on auxiliary samples.</summary>
public enum Divergence
{
    /// <summary>Squared distance of the logits, mean over classes: <c>|| z_S - z_T ||^2 / K</c>.</summary>
    Logits,

    /// <summary><c>KL(softmax(z_T) || softmax(z_S))</c>.</summary>
    Kl,
}

/// <summary>How far a step of gradient ascent goes.</summary>
public enum AscentStep
{
    /// <summary>By <c>step_size</c> times the sign of each component.</summary>
    Sign,

    /// <summary>By <c>step_size</c> in the direction of the gradient: it is divided by its L2 norm over the sample.</summary>
    L2,

    /// <summary>By <c>step_size</c> times the gradient.</summary>
    Raw,
}

/// <summary>
/// Jafari et al. (2023, arXiv 2301.12006): samples moved by gradient ascent to where student and teacher disagree most,
/// <c>x' &lt;- x' + eta grad_x D(x')</c>; the student then minimises the divergence there, without the label, which x' may have left. Of texts
/// the word embeddings move, the student's, which the teacher reads through a least-squares map.
/// </summary>
[Case("backward_pass", "Moves samples, of texts their word embeddings, by gradient ascent to where student and teacher disagree most, and has the student agree there.")]
public sealed record BackwardPass : Augmenter
{
    /// <summary>The usual form, half as weighty as the real samples.</summary>
    public BackwardPass() => Weight = 0.5;

    /// <summary>The divergence that is climbed, then minimised.</summary>
    [Field("The divergence that is climbed and then minimised: logits (squared distance, mean over classes) or kl.", Evidence = "[recalled, unverified] squared logit distance, KL as the alternative; the mean over classes is ours, as annealing_kd")]
    public Divergence Divergence { get; init; }

    /// <summary>Steps of ascent.</summary>
    [Field("Steps of gradient ascent.", Min = 1, Max = 100, Evidence = "ours")]
    public int Steps { get; init; } = 3;

    /// <summary>How far one step goes.</summary>
    [Field("How far one step goes, in units of normalised inputs; of texts in those of the student's word embeddings, whose numbers are about 0.02 to 0.05 in size.", Min = 0, ExclusiveMin = true, Max = 1000, Evidence = "ours")]
    public double StepSize { get; init; } = 0.02;

    /// <summary>What is made of the gradient.</summary>
    [Field("sign: step_size times the sign of each component. l2: the gradient divided by its norm over the sample. raw: as it is.", Evidence = "ours")]
    public AscentStep Step { get; init; }

    /// <summary>Epochs between regenerations.</summary>
    [Field("Make new samples every so many epochs; in between those of the last round are used again. 1 for texts.", Min = 1, Max = 100_000, Evidence = "ours; rounds of regeneration [recalled, unverified]")]
    public int EveryEpochs { get; init; } = 1;

    /// <summary>Auxiliary samples for each sample of the batch.</summary>
    [Field("The part of each batch that auxiliary samples are made from.", Min = 0, ExclusiveMin = true, Max = 1, Evidence = "ours")]
    public double Ratio { get; init; } = 1;

    /// <inheritdoc />
    /// <remarks>Each step of ascent goes forward and back to the samples through both networks; the student then learns on them.</remarks>
    public override double MultiplyAdds(Plan plan, Stage stage)
    {
        var (student, teachers) = Networks(plan, stage);
        return Ratio * (3 * student + teachers + 2.0 * Steps * (student + teachers) / EveryEpochs);
    }

    /// <inheritdoc />
    public override void Check(Plan plan, Stage stage, string pointer, ProblemList problems)
    {
        var shape = plan.Dataset.Shape;
        if (shape.Kind != InputKind.Text || Transformers.Size(plan.Model(stage.Trains).Architecture) is not { } student) return;
        problems.Require(shape.Target != Target.Span, pointer, $"backward_pass given; {plan.Dataset.Name} asks for spans, whose answer moved words may take away: a data set of classes or values");
        problems.Require(EveryEpochs == 1, pointer, $"every_epochs {EveryEpochs} given; 1 for texts, whose moved words are too many numbers to keep");
        problems.Require(student.Hidden <= shape.Vocabulary, pointer,
            $"a student of width {student.Hidden} given, and a vocabulary of {shape.Vocabulary}: the map from its word embeddings to the teacher's is not unique; a width of at most {shape.Vocabulary}");
    }
}
