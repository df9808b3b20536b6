using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Methods;

/// <summary>Mirzadeh et al. (2020): the teacher is distilled into an assistant of middle size, the assistant into the next, the last into the student.</summary>
[Method("takd", "Teacher-assistant KD", "Distils through assistants of middle size, one after the other.",
    Paper = "Mirzadeh et al.: Improved Knowledge Distillation via Teacher Assistant, AAAI 2020, arXiv 1902.03393",
    Evidence = "[read] the procedure and the loss; the official code's learning-rate bug and its mean reduction are not reproduced",
    Example = """{"name": "takd", "assistants": ["resnet14"]}""")]
public sealed record Takd : Method
{
    /// <summary>The assistants, largest first.</summary>
    [Field("The assistants' networks, at most 8, from the teacher's side to the student's; their sizes are not compared.", MaxItems = 8)]
    public required IReadOnlyList<string> Assistants { get; init; }

    /// <summary>Epochs of each assistant.</summary>
    [Field("Epochs of each assistant; training.epochs when left out.", Min = 1, Max = 100_000, Evidence = "ours; TAKD trains for 160 [read]")]
    public int? AssistantEpochs { get; init; }

    /// <summary>Weight of the divergence.</summary>
    [Field("Weight of the divergence; cross-entropy with the labels has the rest.", Min = 0, Max = 1, Evidence = "ours, as kd; TAKD searches 0.05 to 1 [read]")]
    public double Alpha { get; init; } = 0.9;

    /// <summary>Temperature.</summary>
    [Field("Temperature that divides both sets of logits.", Min = 0, ExclusiveMin = true, Max = 1000, Evidence = "ours, as kd; TAKD searches 1 to 20 [read]")]
    public double Temperature { get; init; } = 4;

    /// <inheritdoc />
    public override void Validate(JobSpec spec, ProblemList problems)
    {
        problems.Require(Assistants is { Count: > 0 }, "/method/assistants", "an empty list given; at least one network, or method kd");
        foreach (var (index, name) in (Assistants ?? []).Index())
            SpecValidation.RequireNetwork(name, spec.Dataset, $"/method/assistants/{index}", problems);
    }

    /// <inheritdoc />
    public override void Compile(PlanBuilder plan)
    {
        var objective = new SoftTargets { Alpha = Alpha, Temperature = Temperature };
        var curriculum = PlanBuilder.FromTeacher;
        foreach (var (index, architecture) in Assistants.Index())
        {
            var assistant = $"assistant_{index + 1}";
            plan.AddModel(assistant, ModelRole.Assistant, architecture);
            plan.Add(assistant, assistant, AssistantEpochs ?? plan.Spec.Training.Epochs, objective, curriculum);
            curriculum = new Curriculum { Source = assistant };
        }
        plan.Add("distil", PlanBuilder.Student, plan.Spec.Training.Epochs, objective, curriculum);
    }
}
