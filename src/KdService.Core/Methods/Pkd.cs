using KdService.Core.Architectures;
using KdService.Core.Plans;
using KdService.Core.Schema;

namespace KdService.Core.Methods;

/// <summary>Sun et al. (2019): the first token's states of layers in between, beside Hinton's distillation.</summary>
[Method("pkd", "Patient KD", "Matches the first token's states of the teacher's layers in between, beside its softened outputs and the labels.",
    Paper = "Sun et al.: Patient Knowledge Distillation for BERT Model Compression, EMNLP 2019, arXiv 1908.09355",
    Evidence = "[read: the authors' code] the form; [recalled, unverified] the layers that are skipped and the weights",
    TextsOnly = true)]
public sealed record Pkd : Method
{
    /// <summary>Weight of the divergence.</summary>
    [Field("Weight of the divergence from the teacher; cross-entropy with the labels has the rest.", Min = 0, Max = 1, Evidence = "[recalled, unverified] one of the paper's grid")]
    public double Alpha { get; init; } = 0.5;

    /// <summary>Temperature.</summary>
    [Field("Temperature that divides both sets of logits.", Min = 0, ExclusiveMin = true, Max = 1000, Evidence = "[recalled, unverified] one of the paper's grid")]
    public double Temperature { get; init; } = 10;

    /// <summary>Weight of the states.</summary>
    [Field("Weight of the squared differences between states.", Min = 0, ExclusiveMin = true, Max = 1_000_000, Evidence = "[recalled, unverified] one of the paper's grid")]
    public double Beta { get; init; } = 100;

    /// <summary>Which layers are compared.</summary>
    [Field("Which of the teacher's layers the student's, all but its last, learn from. uniform: every k-th (PKD-Skip). last: those before the last (PKD-Last). top: only the last of both.",
        Evidence = "[recalled, unverified] PKD-Skip and PKD-Last; top is ours")]
    public LayerMap Map { get; init; }

    /// <summary>The teacher's layers.</summary>
    [Field("For each layer of the student but its last the teacher's layer that it learns from, counted from 1; by the map when left out.", MaxItems = Transformers.MostLayers)]
    public IReadOnlyList<int>? TeacherLayers { get; init; }

    /// <inheritdoc />
    public override void Compile(PlanBuilder plan) => plan.Add(plan.NewStage("distil", PlanBuilder.Student, plan.Spec.Training.Epochs) with
    {
        Losses =
        [
            new() { Objective = new SoftTargets { Alpha = Alpha, Temperature = Temperature } },
            new() { Weight = Beta, Objective = new PatientStates { Map = Map, TeacherLayers = TeacherLayers } },
        ],
        Curriculum = PlanBuilder.FromTeacher,
    });
}
