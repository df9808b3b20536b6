using KdService.Core.Plans;
using KdService.Core.Schema;

namespace KdService.Core.Methods;

/// <summary>
/// Rashid et al. (2021): a masked generator alters texts so that teacher and student disagree; the student minimises cross-entropy with
/// the labels, and its divergence from the teacher on the texts and on the altered ones, a third each.
/// </summary>
[Method("mate_kd", "MATE-KD", "Distils on texts and on others that a masked language model, trained against the student, makes of them.",
    Paper = "Rashid, Lioutas, Rezagholizadeh: MATE-KD: Masked Adversarial TExt, a Companion to Knowledge Distillation, ACL 2021, arXiv 2105.05912",
    Evidence = "[read: official code] the losses, the straight-through Gumbel softmax, the rounds of 10 and 100 batches and the rates; the generator's weights, pre-trained there, are those of an imported model or come from a stage of ours",
    TextsOnly = true, Example = """{"name": "mate_kd", "generator": "bert-l1-h64", "pretraining_epochs": 10}""")]
public sealed record MateKd : GeneratorMethod
{
    /// <summary>How teacher and student are compared on altered texts.</summary>
    [Field("What the generator raises and the student lowers on altered texts: cross_entropy, kl or logits. Where a value is predicted, squared differences in any case.",
        Evidence = "[read: official code] cross_entropy; kl in the paper [recalled, unverified]")]
    public GeneratorDivergence Divergence { get; init; }

    /// <summary>Weight of the labels.</summary>
    [Field("Weight of the cross-entropy with the labels.", Min = 0, Max = 1_000_000, Evidence = "[read: official code] a third")]
    public double LabelWeight { get; init; } = 1.0 / 3;

    /// <summary>Weight of the divergence on the texts.</summary>
    [Field("Weight of the divergence from the teacher on the texts, at temperature 1.", Min = 0, Max = 1_000_000, Evidence = "[read: official code] a third")]
    public double TeacherWeight { get; init; } = 1.0 / 3;

    /// <summary>Weight of the divergence on altered texts.</summary>
    [Field("Weight of the divergence from the teacher on altered texts.", Min = 0, Max = 1_000_000, Evidence = "[read: official code] a third")]
    public double SampleWeight { get; init; } = 1.0 / 3;

    /// <inheritdoc />
    public override void Compile(PlanBuilder plan)
    {
        AddGenerator(plan);
        plan.Add(plan.NewStage("distil", PlanBuilder.Student, plan.Spec.Training.Epochs) with
        {
            Losses =
            [
                new LossTerm { Weight = LabelWeight, Objective = new CrossEntropy() },
                new LossTerm { Weight = TeacherWeight, Objective = new SoftTargets { Alpha = 1, Temperature = 1 } },
            ],
            Curriculum = PlanBuilder.FromTeacher,
            Augmenter = Samples(SampleWeight, Divergence),
        });
    }
}
