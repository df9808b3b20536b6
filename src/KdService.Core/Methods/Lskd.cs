using KdService.Core.Plans;
using KdService.Core.Schema;

namespace KdService.Core.Methods;

/// <summary>
/// Sun et al. (2024): distillation of logits that are standardised, so that the student need not learn the scale of the teacher's:
/// <c>0.1 CE + 9 tau^2 KL(softmax(Z(z_T)/tau) || softmax(Z(z_S)/tau))</c>, <c>Z(z) = (z - mean) / std</c> of each sample.
/// </summary>
[Method("lskd", "KD with logit standardisation", "Matches the teacher's standardised and softened outputs beside the labels.",
    Paper = "Sun et al.: Logit Standardization in Knowledge Distillation, CVPR 2024, arXiv 2403.01427",
    Evidence = "[read: LSKD] the form, unbiased deviations and the weights")]
public sealed record Lskd : Method
{
    /// <summary>Weight of the divergence.</summary>
    [Field("Weight of the divergence from the teacher.", Min = 0, Max = 1_000_000, Evidence = "[read: LSKD] 9; 12 for ResNet-110 to 20")]
    public double Weight { get; init; } = 9;

    /// <summary>Temperature.</summary>
    [Field("Temperature that divides both sets of standardised logits.", Min = 0, ExclusiveMin = true, Max = 1000, Evidence = "[read: LSKD] 2; 3 for VGG-13 to 8, 4 for ResNet-110 to 20")]
    public double Temperature { get; init; } = 2;

    /// <summary>Weight of the cross-entropy with the labels.</summary>
    [Field("Weight of the cross-entropy with the labels.", Min = 0, Max = 1_000_000, Evidence = "[read: LSKD]")]
    public double CrossEntropyWeight { get; init; } = 0.1;

    /// <inheritdoc />
    public override void Compile(PlanBuilder plan) => plan.Add(plan.NewStage("distil", PlanBuilder.Student, plan.Spec.Training.Epochs) with
    {
        Curriculum = PlanBuilder.FromTeacher,
        Losses =
        [
            new LossTerm { Weight = CrossEntropyWeight, Objective = new CrossEntropy() },
            new LossTerm { Weight = Weight, Objective = new SoftTargets { Alpha = 1, Temperature = Temperature, Standardise = true } },
        ],
    });
}
