using KdService.Core.Datasets;
using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>How student and teacher are compared on texts that a generator has altered; by squared difference where values are predicted.</summary>
public enum GeneratorDivergence
{
    /// <summary><c>-sum_k softmax(z_T)_k log softmax(z_S)_k</c>, as the official code.</summary>
    CrossEntropy,

    /// <summary><c>KL(softmax(z_T) || softmax(z_S))</c>: for the student the same gradient, for the generator another.</summary>
    Kl,

    /// <summary>Squared distance of the logits, mean over classes: <c>|| z_S - z_T ||^2 / K</c>.</summary>
    Logits,
}

/// <summary>
/// Rashid et al. (2021, arXiv 2105.05912): a masked language model fills hidden tokens of the batch so that student and teacher disagree
/// most; the student then learns to agree there. Of every <see cref="GeneratorBatches"/> + <see cref="StudentBatches"/> batches the first
/// train the generator, through a straight-through Gumbel softmax and both networks' own word embeddings, and the others the student.
/// </summary>
[Case("masked_generator", "Has a masked language model fill hidden tokens so that student and teacher disagree, and the student agree there; for texts.")]
public sealed record MaskedGenerator : Augmenter
{
    /// <summary>The id of the generator.</summary>
    [Field("The generator: one of models, which an earlier stage has trained with masked_tokens.", MaxLength = 32)]
    public string Generator { get; init; } = "generator";

    /// <summary>The divergence that the generator climbs and the student descends.</summary>
    [Field("The divergence that the generator raises and the student lowers: cross_entropy, kl or logits (squared distance, mean over classes). Where a value is predicted, squared differences in any case.",
        Evidence = "[read: KDNLP] cross_entropy in MATE-KD's code, logits in Combined-KD's; kl in the paper [recalled, unverified]")]
    public GeneratorDivergence Divergence { get; init; }

    /// <summary>The part of the tokens that is hidden.</summary>
    [Field("The part of the tokens that is hidden from the generator, special ones never.", Min = 0, ExclusiveMin = true, Max = 1, Evidence = "[read: KDNLP] 0.3, each behind the mask")]
    public double MaskProbability { get; init; } = 0.3;

    /// <summary>Temperature of the Gumbel softmax.</summary>
    [Field("Temperature of the Gumbel softmax, lower for gradients closer to those of single words.", Min = 0, ExclusiveMin = true, Max = 1000, Evidence = "[read: KDNLP]")]
    public double GumbelTemperature { get; init; } = 1;

    /// <summary>Batches of a round that train the generator.</summary>
    [Field("Batches of each round that train the generator, its first; the student does not see them.", Min = 0, Max = 1_000_000, Evidence = "[read: KDNLP]")]
    public int GeneratorBatches { get; init; } = 10;

    /// <summary>Batches of a round that train the student.</summary>
    [Field("Batches of each round that train the student.", Min = 1, Max = 1_000_000, Evidence = "[read: KDNLP]")]
    public int StudentBatches { get; init; } = 100;

    /// <summary>Learning rate of the generator.</summary>
    [Field("Learning rate of the generator's AdamW, the same throughout and without weight decay.", Min = 0, Max = 10, Evidence = "[read: KDNLP] for a generator pre-trained at large")]
    public double LearningRate { get; init; } = 5e-7;

    /// <summary>The norm that the generator's gradients are scaled down to.</summary>
    [Field("The generator's gradients are scaled down to this L2 norm where theirs is greater.", Min = 0, ExclusiveMin = true, Max = 1_000_000, Evidence = "[read: KDNLP]")]
    public double MaxGradientNorm { get; init; } = 5;

    /// <summary>Whether a batch trains the generator and not the student.</summary>
    /// <param name="batch">Batches of the stage before it.</param>
    public bool Claims(long batch) => batch % (GeneratorBatches + StudentBatches) < GeneratorBatches;

    /// <inheritdoc />
    /// <remarks>Batches of the generator go forward and back through all three networks, and the student takes no step of its own; on the others it learns on altered texts as well.</remarks>
    public override double MultiplyAdds(Plan plan, Stage stage)
    {
        var ((student, teachers), generator) = (Networks(plan, stage), plan.MultiplyAdds(Generator));
        var claimed = (double)GeneratorBatches / (GeneratorBatches + StudentBatches);
        return claimed * (3 * generator + 2 * (student + teachers) - 3 * student) + (1 - claimed) * (generator + teachers + 3 * student);
    }

    /// <inheritdoc />
    public override void Check(Plan plan, Stage stage, string pointer, ProblemList problems)
    {
        var shape = plan.Dataset.Shape;
        problems.Require(shape.Kind == InputKind.Text, pointer, $"masked_generator given, which alters texts; the inputs of {plan.Dataset.Name} are {shape}: a data set of texts, or backward_pass");
        problems.Require(shape.Target != Target.Span, pointer, $"masked_generator given; {plan.Dataset.Name} asks for spans, whose answer altered words may take away: a data set of classes or values");
        var generator = plan.Models.FirstOrDefault(model => model.Id == Generator && model.Role == ModelRole.Generator);
        var trained = generator?.Imported is not null || plan.Stages.TakeWhile(earlier => earlier.Name != stage.Name).Any(earlier => earlier.Trains == Generator);
        var batches = (long)stage.Epochs * plan.StepsPerEpoch(stage);
        problems.Require(GeneratorBatches < batches, pointer,
            $"generator_batches {GeneratorBatches} given; stage {stage.Name} has {batches} batches, all of which would be the generator's: fewer than that, or more epochs, so that {stage.Trains} learns");
        problems.Require(generator is not null && trained, pointer, $"generator \"{Generator}\" given; one of models, which an earlier stage has trained with masked_tokens");
    }
}
