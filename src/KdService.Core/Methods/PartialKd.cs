using KdService.Core.Plans;
using KdService.Core.Schema;

namespace KdService.Core.Methods;

/// <summary>
/// Tang et al. (2020) take distillation apart: labels that are spread regularise (universe), class relations shape the logits
/// (domain), and the teacher's confidence rescales each sample's gradient (instance). Their partial KD keeps some of these, in
/// <c>(1 - alpha) H(y, q) + alpha H(rho, q~)</c> with targets rho in the place of the softened teacher.
/// </summary>
public abstract record PartialKd : Method
{
    /// <summary>The paper.</summary>
    protected const string TangEtAl = "Tang et al.: Understanding and Improving Knowledge Distillation, arXiv 2002.03532";

    /// <summary>Weight of the targets.</summary>
    [Field("Weight of the cross-entropy with the targets (the paper's lambda); cross-entropy with the labels has the rest.", Min = 0, Max = 1, Evidence = "ours, as kd; the paper's values were not found")]
    public double Alpha { get; init; } = 0.9;

    /// <summary>Temperature.</summary>
    [Field("Temperature that divides both sets of logits.", Min = 0, ExclusiveMin = true, Max = 1000, Evidence = "ours, as kd; the paper's values were not found")]
    public double Temperature { get; init; } = 4;

    /// <summary>Whether the cross-entropy with the targets is multiplied by the square of the temperature.</summary>
    [Field("Multiply the cross-entropy with the targets by the square of the temperature.", Evidence = "ours, as kd; the paper's form is without [recalled, unverified]")]
    public bool TemperatureSquared { get; init; } = true;

    /// <summary>Whether logits are standardised before the temperature divides them.</summary>
    [Field("Standardise each sample's logits, both networks', before the temperature divides them (Sun et al. 2024, arXiv 2403.01427).", Evidence = "ours")]
    public bool Standardise { get; init; }

    /// <summary>The targets, with the options of their own.</summary>
    protected abstract PartialTargets Targets { get; }

    /// <inheritdoc />
    public override void Compile(PlanBuilder plan) => plan.Add("distil", PlanBuilder.Student, plan.Spec.Training.Epochs,
        Targets with { Alpha = Alpha, Temperature = Temperature, TemperatureSquared = TemperatureSquared, Standardise = Standardise }, PlanBuilder.FromTeacher);
}
