using KdService.Core.Datasets;
using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Methods.Custom;

/// <summary>The user's own plan, made of the parts that the other methods are made of.</summary>
[Method("custom", "Your own stages", "Runs stages of your own: any losses with any curriculum, augmenter and peers.",
    Example = """{"name": "custom", "stages": [{"name": "distil", "losses": [{"objective": {"name": "cross_entropy"}}, {"weight": 0.5, "objective": {"name": "logit_mse"}}]}]}""")]
public sealed record CustomMethod : Method
{
    /// <summary>Networks besides teacher and student.</summary>
    [Field("Networks besides the spec's teacher and student, at most 16.", MaxItems = 16)]
    public IReadOnlyList<CustomModel> Models { get; init; } = [];

    /// <summary>The stages.</summary>
    [Field("The stages, in order, at most 32; the last that trains the student makes the artifact.", MaxItems = 32)]
    public required IReadOnlyList<CustomStage> Stages { get; init; }

    /// <inheritdoc />
    /// <remarks>Of stages that could not be read nothing is asked.</remarks>
    public override bool NeedsTeacher => Stages?.Any(stage => stage is { Losses: not null } && TaughtBy(stage).Concat(stage.Peers.Select(peer => peer?.Source)).Contains(PlanBuilder.Teacher)) ?? true;

    /// <inheritdoc />
    public override void Validate(JobSpec spec, ProblemList problems)
    {
        problems.Require(Stages.Any(stage => stage.Trains == PlanBuilder.Student), "/method/stages", "no stage trains the student; at least one");
        var models = CheckModels(spec.Dataset, problems);
        List<CustomStage> earlier = [];
        foreach (var (index, stage) in Stages.Index())
        {
            Check(spec, stage, $"/method/stages/{index}", models, earlier, problems);
            earlier.Add(stage);
        }
        foreach (var (index, model) in Models.Index())
            problems.Require(Stages.Any(stage => stage.Trains == model.Id || stage.Peers.Any(peer => peer.Trains == model.Id)), $"/method/models/{index}/id",
                $"\"{model.Id}\" given; no stage trains it");
    }

    /// <inheritdoc />
    public override void Compile(PlanBuilder plan)
    {
        var generators = Stages.Select(stage => (stage.Augmenter as MaskedGenerator)?.Generator).ToHashSet();
        foreach (var model in Models) plan.AddModel(model.Id, generators.Contains(model.Id) ? ModelRole.Generator : ModelRole.Assistant, model.Model, model.Seed);
        foreach (var (index, stage) in Stages.Index())
        {
            var pointer = $"/method/stages/{index}";
            var made = plan.NewStage(stage.Name, stage.Trains, stage.Epochs ?? plan.Spec.Training.Epochs);
            plan.Add(made with
            {
                BatchSize = stage.BatchSize ?? made.BatchSize,
                Losses = stage.Losses,
                Curriculum = CurriculumOf(plan, stage, made.Epochs, pointer),
                Augmenter = stage.Augmenter,
                Peers = [.. stage.Peers.Select(peer => new Peer { Trains = peer.Trains, Losses = peer.Losses, Curriculum = peer.Source is null ? null : new Curriculum { Source = peer.Source } })],
                Optimizer = stage.Optimizer ?? made.Optimizer,
                Schedule = stage.Schedule ?? made.Schedule,
                StartFrom = stage.StartFrom is { } start ? new StartFrom(start.Stage, start.Weights) : null,
            }, pointer);
        }
    }

    private static bool NeedTeacher(IReadOnlyList<LossTerm> losses) => losses.Any(term => term?.Objective?.NeedsTeacher == true);

    // The networks that teach a stage's own.
    private static IEnumerable<string?> TaughtBy(CustomStage stage)
    {
        if (stage.Curriculum is { } curriculum) return curriculum.With.Prepend(curriculum.Source);
        return NeedTeacher(stage.Losses) || stage.Augmenter is not null ? [PlanBuilder.Teacher] : [];
    }

    private static Curriculum? CurriculumOf(PlanBuilder plan, CustomStage stage, int epochs, string pointer)
    {
        if (!TaughtBy(stage).Any()) return null;
        var asked = stage.Curriculum ?? new CustomCurriculum();
        var curriculum = new Curriculum { Source = asked.Source, With = asked.With, Averaging = asked.Averaging, Weights = asked.Weights, AnnealFrom = asked.AnnealFrom };
        if (asked.Checkpoints is not { } count || !plan.RequireCheckpoints()) return curriculum;
        var kept = plan.TeacherCheckpoints;
        plan.Problems.Require(count <= epochs, $"{pointer}/curriculum/checkpoints", $"{count} given; at most {epochs}, so that each has an epoch");
        return plan.RequireCheckpoints(count, $"{pointer}/curriculum/checkpoints")
            ? curriculum with { Route = Route.Even(Route.Thin(kept, count), epochs) }
            : curriculum;
    }

    private HashSet<string> CheckModels(Dataset dataset, ProblemList problems)
    {
        HashSet<string> ids = [PlanBuilder.Student];
        foreach (var (index, model) in Models.Index())
        {
            problems.Require(model.Id != PlanBuilder.Teacher && ids.Add(model.Id), $"/method/models/{index}/id", $"\"{model.Id}\" given; a name that no other network has");
            SpecValidation.RequireNetwork(model.Model, dataset, $"/method/models/{index}/model", problems);
        }
        return ids;
    }

    private static void Check(JobSpec spec, CustomStage stage, string pointer, HashSet<string> models, IReadOnlyList<CustomStage> earlier, ProblemList problems)
    {
        var epochs = stage.Epochs ?? spec.Training.Epochs;
        var peers = stage.Peers.Select(peer => peer.Trains).ToList();
        problems.Require(earlier.All(other => other.Name != stage.Name), $"{pointer}/name", $"\"{stage.Name}\" given; a name that no earlier stage has");
        problems.Require(models.Contains(stage.Trains), $"{pointer}/trains", $"\"{stage.Trains}\" given; one of {string.Join(", ", models)}");
        problems.Require(stage.Losses.Count > 0, $"{pointer}/losses", "an empty list given; at least one loss");
        if (stage.StartFrom is { } start)
        {
            problems.Require(earlier.Any(other => other.Name == start.Stage && other.Trains == stage.Trains), $"{pointer}/start_from/stage",
                $"\"{start.Stage}\" given; an earlier stage that trains {stage.Trains}");
        }
        if (stage.Curriculum is { } curriculum)
        {
            foreach (var (place, source) in curriculum.With.Select((source, index) => ($"with/{index}", source)).Prepend(("source", curriculum.Source)))
                problems.Require(Knows(source), $"{pointer}/curriculum/{place}", Unknown(source));
            problems.Require(curriculum.Checkpoints is null || (curriculum.Source == PlanBuilder.Teacher && curriculum.With.Count == 0), $"{pointer}/curriculum/checkpoints",
                "given with other sources than the spec's teacher; leave it out");
            problems.Require(curriculum.AnnealFrom is not { } steps || steps <= epochs, $"{pointer}/curriculum/anneal_from",
                $"{curriculum.AnnealFrom} given; at most {epochs}, the stage's epochs");
        }
        foreach (var (index, peer) in stage.Peers.Index())
        {
            var place = $"{pointer}/peers/{index}";
            problems.Require(models.Contains(peer.Trains) && peer.Trains != stage.Trains && peers.Count(other => other == peer.Trains) == 1, $"{place}/trains",
                $"\"{peer.Trains}\" given; one of models that the stage does not train already");
            problems.Require(peer.Losses.Count > 0, $"{place}/losses", "an empty list given; at least one loss");
            problems.Require(peer.Source is not null || !NeedTeacher(peer.Losses), $"{place}/source", "missing; a loss of this network needs a teacher");
            problems.Require(peer.Source is null || (peer.Source != peer.Trains && (peer.Source == stage.Trains || Knows(peer.Source))), $"{place}/source", Unknown(peer.Source));
        }

        bool Knows(string source) => source == PlanBuilder.Teacher || peers.Contains(source) || earlier.Any(other => other.Trains == source);

        string Unknown(string? source) => $"\"{source}\" given; teacher, a network that an earlier stage trained, or a peer";
    }
}
