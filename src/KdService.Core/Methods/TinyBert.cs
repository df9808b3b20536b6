using KdService.Core.Architectures;
using KdService.Core.Datasets;
using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Methods;

/// <summary>
/// Jiao et al. (2020), on the task: first the teacher's attention, states and embeddings, layer by layer; then its outputs, from the
/// last weights of the first stage, with a fresh optimiser. Where a value is predicted, the second stage learns from the labels.
/// </summary>
[Method("tinybert", "TinyBERT", "Matches the teacher's attention, hidden states and embeddings layer by layer, then its outputs.",
    Paper = "Jiao et al.: TinyBERT: Distilling BERT for Natural Language Understanding, Findings of EMNLP 2020, arXiv 1909.10351",
    Evidence = "[read: the authors' code] losses, stages and layer map; means here are over tokens that are no padding, and states of the same width are compared without a projection; no augmentation, and no distillation before the task",
    TextsOnly = true)]
public sealed record TinyBert : Method
{
    /// <summary>Weight of the attention loss.</summary>
    [Field("Weight of the squared differences between attention scores; 0 for none, where the networks have different numbers of heads.", Min = 0, Max = 1_000_000, Evidence = "[read: the authors' code]")]
    public double AttentionWeight { get; init; } = 1;

    /// <summary>Weight of the hidden and embedding losses.</summary>
    [Field("Weight of the squared differences between hidden states and between embeddings; 0 for none.", Min = 0, Max = 1_000_000, Evidence = "[read: the authors' code]")]
    public double HiddenWeight { get; init; } = 1;

    /// <summary>Which layers are compared.</summary>
    [Field("Which layer of the teacher each layer of the student learns from. uniform: every k-th. last: the teacher's last ones. top: only the student's last, from the teacher's last.", Evidence = "[read: the authors' code] uniform")]
    public LayerMap Map { get; init; }

    /// <summary>The teacher's layers.</summary>
    [Field("For each layer of the student the teacher's layer that it learns from, counted from 1; by the map when left out.", MaxItems = Transformers.MostLayers)]
    public IReadOnlyList<int>? TeacherLayers { get; init; }

    /// <summary>Epochs of the first stage.</summary>
    [Field("Epochs on attention and states out of training.epochs; 10 of 13 when left out.", Min = 1, Max = 100_000, Evidence = "[read: the authors' code] 10, then 3")]
    public int? IntermediateEpochs { get; init; }

    /// <summary>Temperature of the second stage.</summary>
    [Field("Temperature that divides both sets of logits in the second stage.", Min = 0, ExclusiveMin = true, Max = 1000, Evidence = "[recalled, unverified]")]
    public double Temperature { get; init; } = 1;

    /// <inheritdoc />
    public override void Validate(JobSpec spec, ProblemList problems)
    {
        var epochs = spec.Training.Epochs;
        if (!problems.Require(epochs >= 2, "/training/epochs", $"{epochs} given; at least 2 for tinybert, one for each stage")) return;
        problems.Require(FirstStage(epochs) < epochs, "/method/intermediate_epochs", $"{IntermediateEpochs} given; fewer than training.epochs ({epochs}), so that the second stage has at least one epoch");
        problems.Require(AttentionWeight > 0 || HiddenWeight > 0, "/method/hidden_weight", "0 given, and attention_weight 0; one of them above 0, so that the first stage has something to learn");
    }

    /// <inheritdoc />
    public override void Compile(PlanBuilder plan)
    {
        var epochs = plan.Spec.Training.Epochs;
        LossTerm[] losses =
        [
            new() { Weight = AttentionWeight, Objective = new AttentionScores { Map = Map, TeacherLayers = TeacherLayers } },
            new() { Weight = HiddenWeight, Objective = new HiddenStates { Map = Map, TeacherLayers = TeacherLayers } },
        ];
        plan.Add(plan.NewStage("intermediate", PlanBuilder.Student, FirstStage(epochs)) with
        {
            Losses = [.. losses.Where(term => term.Weight > 0)],
            Curriculum = PlanBuilder.FromTeacher,
        });
        var learnsValues = plan.Spec.Dataset.Shape.Target == Target.Value;
        plan.Add("prediction", PlanBuilder.Student, epochs - FirstStage(epochs),
            learnsValues ? new CrossEntropy() : new SoftTargets { Alpha = 1, Temperature = Temperature, TemperatureSquared = false },
            learnsValues ? null : PlanBuilder.FromTeacher,
            new StartFrom("intermediate", WeightsOf.Last));
    }

    private int FirstStage(int epochs) => IntermediateEpochs ?? Math.Clamp((int)Math.Round(epochs * 10 / 13.0), 1, epochs - 1);
}
