using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Methods;

/// <summary>
/// Jafari et al. (2022): Annealing-KD in one stage. The weight psi of the labels rises while the teacher's logits are scaled up, and
/// the student may differ from them by a margin.
/// </summary>
[Method("continuation_kd", "Continuation-KD", "Goes from the teacher's scaled logits, with a margin, to the labels without a break.",
    Paper = "Jafari et al.: Continuation KD: Improved Knowledge Distillation through the Lens of Continuation Optimization, arXiv 2212.05998",
    Evidence = "[read] equations 3 to 8 and both schedules; the margin's value is not stated in what was read; phi is clamped to 1 where the algorithm's temperature may reach 0")]
public sealed record ContinuationKd : Method
{
    /// <summary>The number of annealing steps.</summary>
    [Field("The highest temperature, and so the number of steps in which the teacher's logits rise; at most training.epochs.", Min = 1, Max = 100, Evidence = "[read] 20 for CIFAR, 10 for language")]
    public int MaxTemperature { get; init; } = 20;

    /// <summary>The margin m.</summary>
    [Field("Squared logit distance, times phi, up to which the student may differ from its teacher.", Min = 0, Max = 1_000_000, Evidence = "ours; the paper's value was not found")]
    public double Margin { get; init; } = 1;

    /// <summary>How a sample's squares are averaged.</summary>
    [Field("elements: mean over classes. batch: sum over classes, the squared norm of the equations, K times larger: too much for the learning rates that suit cross-entropy.", Evidence = "ours, as the code of Annealing-KD; [read] the equations write the norm")]
    public MseReduction Reduction { get; init; }

    /// <summary>How psi rises.</summary>
    [Field("How the labels' weight psi rises. linear: evenly to 1. linear_to_half: evenly to 1/2, then 1. step: 0, then 1.", Evidence = "[read] linear for CIFAR, linear_to_half for language")]
    public PsiSchedule Psi { get; init; }

    /// <summary>The part of the epochs after which psi is 1.</summary>
    [Field("The part of the epochs, rounded to an epoch, after which psi is 1; when left out 0.75 for linear, two thirds for linear_to_half, a half for step.",
        Min = 0, Max = 1, Evidence = "[read] 150 of 200 epochs for linear, 20 of 30 for linear_to_half; ours for step")]
    public double? PsiUntil { get; init; }

    /// <inheritdoc />
    public override void Validate(JobSpec spec, ProblemList problems) =>
        problems.Require(MaxTemperature <= spec.Training.Epochs, "/method/max_temperature",
            $"{MaxTemperature} given; at most {spec.Training.Epochs}, training.epochs, so that every step has an epoch");

    /// <inheritdoc />
    public override void Compile(PlanBuilder plan) =>
        plan.Add("continuation", PlanBuilder.Student, plan.Spec.Training.Epochs, new Continuation { Margin = Margin, Reduction = Reduction, Psi = Psi, PsiUntil = PsiUntil },
            PlanBuilder.FromTeacher with { AnnealFrom = MaxTemperature });
}
