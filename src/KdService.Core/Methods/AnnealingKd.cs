using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Methods;

/// <summary>
/// Jafari et al. (2021). Stage I: logit regression on the teacher's logits scaled by Phi(T) = 1 - (T-1)/max_temperature, T falling
/// from max_temperature to 1. Stage II: cross-entropy with the labels from the best weights of stage I, with a fresh optimiser.
/// </summary>
[Method("annealing_kd", "Annealing-KD", "Regresses on the teacher's logits, scaled up step by step, then trains on the labels.",
    Paper = "Jafari, Rezagholizadeh, Sharma, Ghodsi: Annealing Knowledge Distillation, EACL 2021, arXiv 2104.07163",
    Evidence = "[read] objective, schedule and stages from the official code and from Continuation-KD eq. 2 and 5; the annealing factor is clamped to 1 where the official schedule overshoots")]
public sealed record AnnealingKd : Method
{
    /// <summary>The number of annealing steps.</summary>
    [Field("The highest temperature, and so the number of annealing steps; stage I needs at least as many epochs.", Min = 1, Max = 100, Evidence = "[read: official code, README] 10 on CIFAR")]
    public int MaxTemperature { get; init; } = AnnealingStages.UsualMaxTemperature;

    /// <summary>Epochs of stage I.</summary>
    [Field("Epochs of stage I out of training.epochs; half of them when left out.", Min = 1, Max = 100_000, Evidence = "[read] 200 of 400 in the official README, second-hand 160 of 320: a half in both")]
    public int? AnnealingEpochs { get; init; }

    /// <summary>How the squared differences of stage I are averaged.</summary>
    [Field("How the squared logit differences of stage I are averaged.", Evidence = "[read] elements in the official code; batch is the squared norm of the equations")]
    public MseReduction Reduction { get; init; }

    /// <inheritdoc />
    public override void Validate(JobSpec spec, ProblemList problems) => AnnealingStages.Check(Name, spec.Training.Epochs, FirstStage, MaxTemperature, problems);

    /// <inheritdoc />
    public override void Compile(PlanBuilder plan)
    {
        var epochs = plan.Spec.Training.Epochs;
        plan.Add("annealing", PlanBuilder.Student, FirstStage(epochs), new LogitMse { Reduction = Reduction },
            PlanBuilder.FromTeacher with { AnnealFrom = MaxTemperature });
        plan.Add("labels", PlanBuilder.Student, epochs - FirstStage(epochs), new CrossEntropy(),
            startFrom: new StartFrom("annealing", WeightsOf.Best));
    }

    private int FirstStage(int epochs) => AnnealingEpochs ?? epochs / 2;
}
