using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Methods;

/// <summary>How the student follows a checkpoint of the teacher.</summary>
public enum GeneralLoss
{
    /// <summary>Squared difference of the logits.</summary>
    LogitMse,

    /// <summary>Divergence of the softened outputs.</summary>
    Kl,
}

/// <summary>
/// Rezagholizadeh et al. (2022): the student follows the checkpoints of the teacher's training, one after the other, with annealed
/// logits; then it trains on the labels from its best weights. With one checkpoint this is Annealing-KD.
/// </summary>
[Method("pro_kd", "Pro-KD", "Follows the checkpoints of the teacher's training step by step, then trains on the labels.",
    Paper = "Rezagholizadeh, Jafari, Saladi, Sharma, Saheb Pasand, Ghodsi: Pro-KD: Progressive Distillation by Following the Footsteps of the Teacher, COLING 2022, arXiv 2110.08532",
    Evidence = "[read: abstract] following the teacher's checkpoints; [recalled, unverified] squared logit differences with annealing; no official code was found: how k checkpoints map onto n epochs is ours",
    Example = """{"name": "pro_kd", "max_temperature": 5}""")]
public sealed record ProKd : Method
{
    /// <summary>Epochs of the general stage.</summary>
    [Field("Epochs of the stage that follows the teacher, out of training.epochs; half of them when left out.", Min = 1, Max = 100_000, Evidence = "ours, as annealing_kd")]
    public int? GeneralEpochs { get; init; }

    /// <summary>How many checkpoints are followed.</summary>
    [Field("How many of the teacher's checkpoints are followed, evenly spaced, its last among them; when left out all that it keeps (teacher.checkpoints), or as many as the stage has epochs.", Min = 1, Max = 100_000, Evidence = "ours; the paper's number was not found")]
    public int? Checkpoints { get; init; }

    /// <summary>An explicit mapping.</summary>
    [Field("For each epoch of the stage, which of the followed checkpoints is shown, from 1; equal shares in order when left out.", Min = 1, Max = 100_000, MaxItems = 100_000, Evidence = "ours; the paper's mapping was not found")]
    public IReadOnlyList<int>? Mapping { get; init; }

    /// <summary>Whether logits are annealed.</summary>
    [Field("Scale the logits up step by step, as annealing_kd does.", Evidence = "[recalled, unverified]")]
    public bool UseTemperature { get; init; } = true;

    /// <summary>The number of annealing steps.</summary>
    [Field("The highest temperature, and so the number of annealing steps; the stage needs at least as many epochs.", Min = 1, Max = 100, Evidence = "ours, as annealing_kd")]
    public int MaxTemperature { get; init; } = AnnealingStages.UsualMaxTemperature;

    /// <summary>The loss of the general stage.</summary>
    [Field("logit_mse: squared difference of logits. kl: divergence at the given temperature.", Evidence = "[recalled, unverified] squared difference")]
    public GeneralLoss Loss { get; init; }

    /// <summary>Temperature of the divergence.</summary>
    [Field("Temperature of the divergence, where loss is kl.", Min = 0, ExclusiveMin = true, Max = 1000, Evidence = "ours, as kd")]
    public double Temperature { get; init; } = 4;

    /// <summary>A teacher that is trained beside the student.</summary>
    [Field("A network to train on the labels beside the student, which follows it as it learns; instead of the spec's teacher.", MaxLength = 64, Evidence = "ours; whether the paper trains both at once was not found")]
    public string? Alongside { get; init; }

    /// <inheritdoc />
    public override bool NeedsTeacher => Alongside is null;

    /// <inheritdoc />
    public override void Validate(JobSpec spec, ProblemList problems)
    {
        var epochs = spec.Training.Epochs;
        if (!problems.Require(epochs >= 2, "/training/epochs", $"{epochs} given; at least 2 for pro_kd, one for each stage")) return;
        var first = FirstStage(epochs);
        problems.Require(first < epochs, "/method/general_epochs", $"{first} given; fewer than training.epochs ({epochs}), so that the labels have at least one epoch");
        problems.Require(!UseTemperature || MaxTemperature <= first, "/method/max_temperature",
            $"{MaxTemperature} given; at most {first}, the epochs of the stage, so that every annealing step has an epoch{AnnealingStages.Unasked(MaxTemperature)}");
        problems.Require(Mapping is null || Mapping.Count == first, "/method/mapping", $"{Mapping?.Count} entries given; {first}, one for each epoch of the stage");
        if (Alongside is not { } network) return;
        SpecValidation.RequireNetwork(network, spec.Dataset, "/method/alongside", problems);
        problems.Require(Checkpoints is null, "/method/checkpoints", "given with alongside; a teacher that is trained beside the student is followed as it is");
        problems.Require(Mapping is null, "/method/mapping", "given with alongside; a teacher that is trained beside the student is followed as it is");
    }

    /// <inheritdoc />
    public override void Compile(PlanBuilder plan)
    {
        var epochs = plan.Spec.Training.Epochs;
        var stage = plan.NewStage("general", PlanBuilder.Student, FirstStage(epochs));
        Objective objective = Loss == GeneralLoss.Kl ? new SoftTargets { Alpha = 1, Temperature = Temperature } : new LogitMse();
        var curriculum = PlanBuilder.FromTeacher with { AnnealFrom = UseTemperature ? MaxTemperature : null };
        if (Alongside is { } network)
        {
            plan.AddModel(PlanBuilder.Teacher, ModelRole.Assistant, network);
            stage = stage with { Peers = [new Peer { Trains = PlanBuilder.Teacher, Losses = [new LossTerm { Objective = new CrossEntropy() }] }] };
        }
        else
        {
            if (Followed(plan, stage.Epochs) is not { } followed) return;
            curriculum = curriculum with { Route = Mapping is null ? Route.Even(followed, stage.Epochs) : [.. Mapping.Select(place => followed[place - 1])] };
        }
        plan.Add(stage with { Losses = [new LossTerm { Objective = objective }], Curriculum = curriculum });
        plan.Add("labels", PlanBuilder.Student, epochs - stage.Epochs, new CrossEntropy(), startFrom: new StartFrom(stage.Name, WeightsOf.Best));
    }

    // The checkpoints that are shown; null, with the reason noted, where the teacher has not what is asked for.
    private IReadOnlyList<int>? Followed(PlanBuilder plan, int epochs)
    {
        var kept = plan.TeacherCheckpoints;
        if (!plan.RequireCheckpoints()) return null;
        // More than there are epochs would leave out the last.
        var count = Checkpoints ?? Math.Min(kept.Count, epochs);
        if (!plan.RequireCheckpoints(count, "/method/checkpoints")) return null;
        var beyond = Mapping?.FirstOrDefault(place => place > count) ?? 0;
        return plan.Problems.Require(beyond == 0, "/method/mapping", $"{beyond} given; from 1 to {count}, the checkpoints that are followed") ? Route.Thin(kept, count) : null;
    }

    private int FirstStage(int epochs) => GeneralEpochs ?? epochs / 2;
}
