using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Methods;

/// <summary>Zhao et al. (2022): what the teacher says of the true class and what it says of the others get weights of their own.</summary>
[Method("dkd", "Decoupled KD", "Weighs what the teacher says of the true class and what it says of the others apart, beside the labels.",
    Paper = "Zhao et al.: Decoupled Knowledge Distillation, CVPR 2022, arXiv 2203.08679",
    Evidence = "[read: mdistiller] the form and its weights")]
public sealed record Dkd : Method
{
    /// <summary>Weight of the true class against the rest.</summary>
    [Field("Weight of the divergence between true class and rest.", Min = 0, Max = 1_000_000, Evidence = "[read: mdistiller]")]
    public double Alpha { get; init; } = 1;

    /// <summary>Weight of the classes other than the true one.</summary>
    [Field("Weight of the divergence among the other classes.", Min = 0, Max = 1_000_000, Evidence = "[read: mdistiller] 8 for ResNet-32x4 to 8x4; 2 for ResNet-56 to 20 and 110 to 32, 6 for WRN pairs and VGG-13 to 8")]
    public double Beta { get; init; } = 8;

    /// <summary>Temperature.</summary>
    [Field("Temperature that divides both sets of logits.", Min = 0, ExclusiveMin = true, Max = 1000, Evidence = "[read: mdistiller]")]
    public double Temperature { get; init; } = 4;

    /// <summary>Whether logits are standardised before the temperature divides them.</summary>
    [Field("Standardise each sample's logits, both networks', before the temperature divides them (Sun et al. 2024, arXiv 2403.01427).", Evidence = "[read: LSKD] the form")]
    public bool Standardise { get; init; }

    /// <summary>Weight of the cross-entropy with the labels.</summary>
    [Field("Weight of the cross-entropy with the labels.", Min = 0, Max = 1_000_000, Evidence = "[read: mdistiller]")]
    public double CrossEntropyWeight { get; init; } = 1;

    /// <summary>Epochs over which the weight of the divergences rises.</summary>
    [Field("Epochs over which the divergences' weight rises evenly; when left out a twelfth of the epochs, at most 20.", Min = 0, Max = 100_000, Evidence = "[read: mdistiller] 20 of 240 epochs")]
    public int? WarmupEpochs { get; init; }

    /// <inheritdoc />
    public override void Validate(JobSpec spec, ProblemList problems) => Warmup.Check(WarmupEpochs, spec, problems);

    /// <inheritdoc />
    public override void Compile(PlanBuilder plan)
    {
        var epochs = plan.Spec.Training.Epochs;
        plan.Add(plan.NewStage("distil", PlanBuilder.Student, epochs) with
        {
            Curriculum = PlanBuilder.FromTeacher,
            Losses =
            [
                new LossTerm { Weight = CrossEntropyWeight, Objective = new CrossEntropy() },
                new LossTerm
                {
                    WarmupEpochs = Warmup.Of(WarmupEpochs, epochs),
                    Objective = new DecoupledTargets { Alpha = Alpha, Beta = Beta, Temperature = Temperature, Standardise = Standardise },
                },
            ],
        });
    }
}
