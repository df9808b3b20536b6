using KdService.Core.Plans;
using KdService.Core.Schema;

namespace KdService.Core.Methods;

/// <summary>Hinton et al. (2015): softened teacher outputs beside the labels, in one stage.</summary>
[Method("kd", "Knowledge distillation", "Matches the teacher's softened outputs beside the labels.",
    Paper = "Hinton, Vinyals, Dean: Distilling the Knowledge in a Neural Network, arXiv 1503.02531",
    Evidence = "[read] the form and the defaults 0.9, 4, tau^2 and batchmean as in RepDistiller and mdistiller")]
public sealed record Kd : Method
{
    /// <summary>Weight of the divergence.</summary>
    [Field("Weight of the divergence from the teacher; cross-entropy with the labels has the rest.", Min = 0, Max = 1, Evidence = "[read: RepDistiller, mdistiller]")]
    public double Alpha { get; init; } = 0.9;

    /// <summary>Temperature.</summary>
    [Field("Temperature that divides both sets of logits.", Min = 0, ExclusiveMin = true, Max = 1000, Evidence = "[read: RepDistiller, mdistiller]")]
    public double Temperature { get; init; } = 4;

    /// <summary>Whether the divergence is multiplied by the square of the temperature.</summary>
    [Field("Multiply the divergence by the square of the temperature.", Evidence = "[read: mdistiller]; Continuation-KD eq. 1 writes it without")]
    public bool TemperatureSquared { get; init; } = true;

    /// <summary>How the divergence is averaged.</summary>
    [Field("batch: sum over classes, mean over the batch. elements: mean over both, K times weaker.", Evidence = "[read] batch in RepDistiller and mdistiller, elements in the TAKD code")]
    public KlReduction Reduction { get; init; }

    /// <summary>Whether logits are standardised before the temperature divides them.</summary>
    [Field("Standardise each sample's logits, both networks', before the temperature divides them (Sun et al. 2024, arXiv 2403.01427): z <- (z - mean) / (1e-7 + std).", Evidence = "[read: LSKD] the form, with a lower temperature and a higher weight than kd's")]
    public bool Standardise { get; init; }

    /// <inheritdoc />
    public override void Compile(PlanBuilder plan) =>
        plan.Add("distil", PlanBuilder.Student, plan.Spec.Training.Epochs, Objective(), PlanBuilder.FromTeacher);

    private SoftTargets Objective() =>
        new() { Alpha = Alpha, Temperature = Temperature, TemperatureSquared = TemperatureSquared, Reduction = Reduction, Standardise = Standardise };
}
