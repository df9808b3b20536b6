using KdService.Core.Plans;
using KdService.Core.Schema;

namespace KdService.Core.Methods;

/// <summary>Sanh et al. (2019): softened outputs, labels, and the direction of the last layer's states.</summary>
[Method("distilbert", "DistilBERT", "Matches the teacher's softened outputs and the direction of its last hidden states, beside the labels.",
    Paper = "Sanh et al.: DistilBERT, a distilled version of BERT: smaller, faster, cheaper and lighter, arXiv 1910.01108",
    Evidence = "[read: the authors' code] the three losses and their weights, in pre-training; here the task's labels take the place of masked words",
    TextsOnly = true)]
public sealed record DistilBertKd : Method
{
    /// <summary>Weight of the softened outputs.</summary>
    [Field("Weight of the divergence from the teacher's softened outputs, times the square of the temperature.", Min = 0, ExclusiveMin = true, Max = 1_000_000, Evidence = "[read: the authors' code]")]
    public double SoftWeight { get; init; } = 5;

    /// <summary>Weight of the labels.</summary>
    [Field("Weight of the cross-entropy with the labels.", Min = 0, Max = 1_000_000, Evidence = "[read: the authors' code] that of masked words")]
    public double LabelWeight { get; init; } = 2;

    /// <summary>Weight of the cosine.</summary>
    [Field("Weight of one minus the cosine between the last hidden states; 0 for none, where the networks have different widths.", Min = 0, Max = 1_000_000, Evidence = "[read: the authors' code]")]
    public double CosineWeight { get; init; } = 1;

    /// <summary>Temperature.</summary>
    [Field("Temperature that divides both sets of logits.", Min = 0, ExclusiveMin = true, Max = 1000, Evidence = "[recalled, unverified]")]
    public double Temperature { get; init; } = 2;

    /// <inheritdoc />
    public override void Compile(PlanBuilder plan)
    {
        LossTerm[] losses =
        [
            new() { Weight = SoftWeight, Objective = new SoftTargets { Alpha = 1, Temperature = Temperature } },
            new() { Weight = LabelWeight, Objective = new CrossEntropy() },
            new() { Weight = CosineWeight, Objective = new StateDirections() },
        ];
        plan.Add(plan.NewStage("distil", PlanBuilder.Student, plan.Spec.Training.Epochs) with
        {
            Losses = [.. losses.Where(term => term.Weight > 0)],
            Curriculum = PlanBuilder.FromTeacher,
        });
    }
}
