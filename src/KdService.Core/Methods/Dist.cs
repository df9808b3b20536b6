using KdService.Core.Plans;
using KdService.Core.Schema;

namespace KdService.Core.Methods;

/// <summary>Huang et al. (2022): the student's probabilities are to correlate with the teacher's, rather than equal them.</summary>
[Method("dist", "DIST", "Correlates the student's probabilities with the teacher's, between classes and within them, beside the labels.",
    Paper = "Huang et al.: Knowledge Distillation from A Stronger Teacher, NeurIPS 2022, arXiv 2205.10536",
    Evidence = "[read: DIST] the form and the weights of its CIFAR configuration")]
public sealed record Dist : Method
{
    /// <summary>Weight of the correlations.</summary>
    [Field("Weight of the correlations, both together.", Min = 0, Max = 1_000_000, Evidence = "[read: DIST]")]
    public double Weight { get; init; } = 2;

    /// <summary>Weight of the correlation between classes.</summary>
    [Field("Weight of the correlation of each sample's probabilities with the teacher's.", Min = 0, Max = 1_000_000, Evidence = "[read: DIST] beta")]
    public double Inter { get; init; } = 1;

    /// <summary>Weight of the correlation within classes.</summary>
    [Field("Weight of the correlation of each class's probabilities, over the batch, with the teacher's.", Min = 0, Max = 1_000_000, Evidence = "[read: DIST] gamma")]
    public double Intra { get; init; } = 1;

    /// <summary>Temperature.</summary>
    [Field("Temperature that divides both sets of logits.", Min = 0, ExclusiveMin = true, Max = 1000, Evidence = "[read: DIST]")]
    public double Temperature { get; init; } = 4;

    /// <summary>Whether the correlations are multiplied by the square of the temperature.</summary>
    [Field("Multiply the correlations by the square of the temperature.", Evidence = "[read: DIST]")]
    public bool TemperatureSquared { get; init; } = true;

    /// <summary>Whether logits are standardised before the temperature divides them.</summary>
    [Field("Standardise each sample's logits, both networks', before the temperature divides them (Sun et al. 2024, arXiv 2403.01427).", Evidence = "ours")]
    public bool Standardise { get; init; }

    /// <summary>Weight of the cross-entropy with the labels.</summary>
    [Field("Weight of the cross-entropy with the labels.", Min = 0, Max = 1_000_000, Evidence = "[read: DIST]")]
    public double CrossEntropyWeight { get; init; } = 1;

    /// <inheritdoc />
    public override void Compile(PlanBuilder plan) => plan.Add(plan.NewStage("distil", PlanBuilder.Student, plan.Spec.Training.Epochs) with
    {
        Curriculum = PlanBuilder.FromTeacher,
        Losses =
        [
            new LossTerm { Weight = CrossEntropyWeight, Objective = new CrossEntropy() },
            new LossTerm
            {
                Weight = Weight,
                Objective = new Correlations { Inter = Inter, Intra = Intra, Temperature = Temperature, TemperatureSquared = TemperatureSquared, Standardise = Standardise },
            },
        ],
    });
}
