using KdService.Core.Architectures;
using KdService.Core.Datasets;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Core.Weights;

namespace KdService.Core.Plans;

/// <summary>What methods write their stages into. Defaults come from the spec's training section.</summary>
public sealed class PlanBuilder
{
    /// <summary>The student's id in every plan.</summary>
    public const string Student = "student";

    /// <summary>The teacher's id in every plan, and the name of the input that holds its weights.</summary>
    public const string Teacher = "teacher";

    private readonly List<ModelPlan> _models = [];
    private readonly List<Stage> _stages = [];
    private readonly List<string> _pointers = [];
    private readonly TeacherFacts? _teacher;
    private readonly IReadOnlyDictionary<string, ImportedModel> _imports;

    private PlanBuilder(JobSpec spec, TeacherFacts? teacher, IReadOnlyDictionary<string, ImportedModel> imports, ProblemList problems) =>
        (Spec, _teacher, _imports, Problems) = (spec, teacher, imports, problems);

    /// <summary>The spec being compiled.</summary>
    public JobSpec Spec { get; }

    /// <summary>Takes what a method finds only now, when more is known of the teacher.</summary>
    public ProblemList Problems { get; }

    /// <summary>Epochs of the teacher's training whose checkpoints there are, rising; the last is the end of it.</summary>
    /// <exception cref="InvalidOperationException">The method has no teacher.</exception>
    public IReadOnlyList<int> TeacherCheckpoints => _teacher?.Checkpoints ?? throw new InvalidOperationException("the method has no teacher");

    /// <summary>The teacher's logits as they are.</summary>
    public static Curriculum FromTeacher { get; } = new() { Source = Teacher };

    /// <summary>Compiles a valid spec.</summary>
    /// <param name="spec">A spec that validation has passed.</param>
    /// <param name="teacher">What is known of the teacher where the spec names a job instead of a recipe.</param>
    /// <param name="models">What is known of the imported models that the spec names, by id.</param>
    public static Plan Compile(JobSpec spec, TeacherFacts? teacher = null, IReadOnlyDictionary<string, ImportedModel>? models = null)
    {
        var problems = new ProblemList();
        return Compile(spec, teacher, problems, models) ?? throw new InvalidDocumentException(problems.Items);
    }

    /// <summary>Compiles a spec and checks that its parts fit each other.</summary>
    /// <param name="spec">A spec whose fields are valid.</param>
    /// <param name="teacher">What is known of the teacher where the spec names a job instead of a recipe.</param>
    /// <param name="problems">Takes what does not fit.</param>
    /// <param name="models">What is known of the imported models that the spec names, by id.</param>
    /// <returns>The plan; null if there are problems.</returns>
    public static Plan? Compile(JobSpec spec, TeacherFacts? teacher, ProblemList problems, IReadOnlyDictionary<string, ImportedModel>? models = null)
    {
        models ??= new Dictionary<string, ImportedModel>();
        // Between a job's submission and its plan a model may have been removed.
        foreach (var (pointer, named) in ImportsOfSpec.Named(spec).Where(place => !models.ContainsKey(place.Id))) problems.Add(pointer, ImportsOfSpec.NotThere(named));
        spec = spec with { Dataset = ImportsOfSpec.Resolve(spec, models, teacher?.Vocabulary, problems) };
        if (!problems.None) return null;
        if (spec.Teacher?.Imported is { } id) teacher = new TeacherFacts(models[id].Architecture, []);
        teacher = spec.Teacher is { Model: not null } ? TeacherRecipe.FactsFor(spec) : teacher;
        var builder = new PlanBuilder(spec, teacher, models, problems);
        if (spec.Method.NeedsTeacher)
        {
            if (teacher is null) throw new ArgumentException("the teacher's network is not known", nameof(teacher));
            builder._models.Add(builder.DescribeTeacher(teacher.Architecture));
        }
        builder._models.Add(builder.DescribeStudent());
        spec.Method.Compile(builder);
        if (!problems.None) return null;
        var plan = new Plan
        {
            Dataset = spec.Dataset,
            Evaluation = spec.Evaluation.With(spec.Dataset),
            Models = builder._models,
            Stages = builder._stages,
            Result = Student,
            Seed = spec.Seed,
            TeacherSignal = spec.TeacherSignal,
            Precision = spec.Training.Precision,
            CheckpointEveryEpochs = spec.CheckpointEveryEpochs,
            Diagnosis = spec.Diagnosis,
        };
        builder.Check(plan);
        return problems.None ? plan : null;
    }

    /// <summary>Adds a network that starts from a seed.</summary>
    /// <param name="id">Its id in the plan.</param>
    /// <param name="role">Its part.</param>
    /// <param name="architecture">A name of the catalogue.</param>
    /// <param name="seed">The seed; the spec's when left out.</param>
    public void AddModel(string id, ModelRole role, string architecture, long? seed = null) =>
        _models.Add(Describe(id, role, architecture) with { Seed = seed ?? Spec.Seed });

    /// <summary>Adds a generator that begins with the weights of an imported model; it need not be trained by an earlier stage.</summary>
    /// <param name="id">Its id in the plan.</param>
    /// <param name="imported">The model's id.</param>
    /// <param name="pointer">JSON pointer to where the spec names the model.</param>
    public void AddGenerator(string id, string imported, string pointer)
    {
        var model = _imports[imported];
        ImportsOfSpec.CheckGenerator(pointer, imported, model, Problems);
        _models.Add(Describe(id, ModelRole.Generator, model.Architecture) with { Seed = Spec.Seed, Imported = imported, ImportedHead = true });
    }

    /// <summary>Adds a stage with one loss, and with the spec's batch size, optimiser and schedule.</summary>
    public void Add(string name, string trains, int epochs, Objective objective, Curriculum? curriculum = null, StartFrom? startFrom = null) =>
        Add(NewStage(name, trains, epochs) with { Losses = [new LossTerm { Objective = objective }], Curriculum = curriculum, StartFrom = startFrom });

    /// <summary>Notes it as a problem if the teacher has no checkpoints to follow; returns whether it has.</summary>
    public bool RequireCheckpoints() => Spec.Teacher?.Imported is { } id
        ? Problems.Require(TeacherCheckpoints.Count > 0, "/teacher/imported", $"an imported model has no checkpoints of its training; one that is trained on the data has: {ImportsOfSpec.FineTuned(id, _imports[id])} as teacher")
        : Problems.Require(TeacherCheckpoints.Count > 0, "/teacher/job", "the job keeps no checkpoints of its training; a job with checkpoint_every_epochs, or a teacher given as a model");

    /// <summary>Notes it as a problem if the teacher keeps fewer checkpoints than are asked for; returns whether it keeps enough.</summary>
    /// <param name="count">How many are asked for.</param>
    /// <param name="pointer">JSON pointer to what asked.</param>
    public bool RequireCheckpoints(int count, string pointer) => Problems.Require(count <= TeacherCheckpoints.Count, pointer,
        $"{count} given; at most {TeacherCheckpoints.Count}, the checkpoints that the teacher keeps (teacher.checkpoints)");

    /// <summary>A stage without losses, with the spec's batch size, optimiser and schedule.</summary>
    public Stage NewStage(string name, string trains, int epochs) => new()
    {
        Name = name,
        Trains = trains,
        Epochs = epochs,
        BatchSize = Spec.Training.BatchSize,
        Losses = [],
        Optimizer = Spec.Training.Optimizer,
        Schedule = Spec.Training.Schedule,
        MaxGradientNorm = Spec.Training.MaxGradientNorm,
    };

    /// <summary>Adds a stage.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="pointer">JSON pointer to what asked for it, for complaints about it.</param>
    public void Add(Stage stage, string pointer = "/method")
    {
        _stages.Add(stage);
        _pointers.Add(pointer);
    }

    // Conditions between the networks of a plan and the losses of its stages.
    private void Check(Plan plan)
    {
        foreach (var network in _models.Select(model => plan.Network(model.Id)).Where(network => !network.Fits(plan.Dataset.Shape)))
            Problems.Add("/method", SpecValidation.Misfit(network, plan.Dataset));
        foreach (var (stage, pointer) in _stages.Zip(_pointers))
        {
            Check(plan, stage, stage.Trains, stage.Losses, stage.Curriculum, pointer);
            foreach (var peer in stage.Peers) Check(plan, stage, peer.Trains, peer.Losses, peer.Curriculum, pointer);
            stage.Augmenter?.Check(plan, stage, pointer == "/method" ? pointer : $"{pointer}/augmenter", Problems);
            CheckGenerators(plan, stage, pointer);
            Problems.Require(plan.TeacherSignal != TeacherSignal.Cached || !Showing.MustBeLive(plan, stage), "/teacher_signal",
                "cached given with a method that reads the teacher's features or chooses its checkpoints as it goes; live, or leave it out");
        }
    }

    // Generators learn to guess hidden tokens and nothing else, and nothing else learns that.
    private void CheckGenerators(Plan plan, Stage stage, string pointer)
    {
        bool Generates(string id) => plan.Model(id).Role == ModelRole.Generator;
        var losses = stage.Losses.Concat(stage.Peers.SelectMany(peer => peer.Losses));
        if (Generates(stage.Trains))
        {
            Problems.Require(stage is { Losses: [{ Objective: MaskedTokens }], Curriculum: null, Augmenter: null, Peers.Count: 0 }, $"{pointer}/trains",
                $"\"{stage.Trains}\" given, a generator; its stages have the loss masked_tokens, and no other loss, curriculum, augmenter or peer");
        }
        else
        {
            Problems.Require(!losses.Any(term => term.Objective is MaskedTokens), $"{pointer}/losses",
                $"masked_tokens given, which trains generators; \"{stage.Trains}\" is none, as no masked_generator names it");
        }
        foreach (var id in stage.Peers.Select(peer => peer.Trains).Concat(stage.Curriculum?.Sources ?? []).Concat(stage.Peers.Select(peer => peer.Curriculum?.Source).OfType<string>()).Where(Generates))
            Problems.Add(pointer, $"\"{id}\" given, a generator, which tells no classes apart; another network as peer or source");
    }

    private void Check(Plan plan, Stage stage, string trains, IReadOnlyList<LossTerm> losses, Curriculum? curriculum, string pointer)
    {
        var teacher = curriculum is null ? null : plan.Network(curriculum.Source);
        var setting = new ObjectiveSetting(plan.Network(trains), teacher, plan.Dataset, stage.Epochs, curriculum);
        foreach (var (index, term) in losses.Index())
        {
            // A method that chose the loss has its options; a stage of the user's has the loss itself.
            var place = pointer == "/method" ? pointer : $"{pointer}/losses/{index}/objective";
            var (fits, asked) = plan.Dataset.Shape.Target switch
            {
                Target.Value => (term.Objective.FitsValues, "a value"),
                Target.Span => (term.Objective.FitsSpans, "a span, whose start and end no two texts have in common"),
                _ => (true, ""),
            };
            var given = Union.Case(term.Objective.GetType()).Name;
            Problems.Require(fits, place, pointer == "/method"
                ? $"{Spec.Method.Name} given, whose loss {(given == Spec.Method.Name ? "" : $"{given} ")}is about classes; {plan.Dataset.Title} asks for {asked}: a method such as kd or none"
                : $"{given} given, which {(term.Objective is CrossEntropy ? "with label_smoothing " : "")}is about classes; {plan.Dataset.Title} asks for {asked}: a loss such as kd, logit_mse or cross_entropy without label_smoothing");
            term.Objective.Check(setting, place, Problems);
        }
    }

    private ModelPlan DescribeTeacher(string architecture)
    {
        var described = Describe(Teacher, ModelRole.Teacher, architecture);
        if (Spec.Teacher is { Model: { } network, Init: ImportedWeights { Model: var init } }) ImportsOfSpec.CheckInit(Teacher, init, _imports[init], network, Problems);
        if (Spec.Teacher?.Imported is not { } id) return described with { WeightsInput = Teacher };
        ImportsOfSpec.CheckTeacher(id, _imports[id], Spec.Dataset, Problems);
        return described with { Imported = id, ImportedHead = true };
    }

    private ModelPlan DescribeStudent()
    {
        var described = Describe(Student, ModelRole.Student, Spec.Student.Model) with { Seed = Spec.Seed };
        switch (Spec.Student.Init)
        {
            case ImportedWeights { Model: var id }:
                ImportsOfSpec.CheckInit(Student, id, _imports[id], Spec.Student.Model, Problems);
                return described with { Imported = id, ImportedHead = ImportsOfSpec.HeadFits(_imports[id], Spec.Dataset) };
            case TeacherLayers { Layers: var given } when _teacher is { } teacher:
                if (Transformers.Size(described.Architecture) is not { } student || Transformers.Size(teacher.Architecture) is not { } of)
                {
                    Problems.Add("/student/init", $"teacher_layers given with a {described.Architecture} and a {teacher.Architecture}; two transformers");
                    return described;
                }
                var layers = given ?? InitialLayers.Spread(student.Layers, of.Layers);
                if (InitialLayers.Mismatch(student, of, layers) is { } mismatch) Problems.Add("/student/init", mismatch);
                return described with { TeacherLayers = layers };
            default:
                return described;
        }
    }

    private ModelPlan Describe(string id, ModelRole role, string name)
    {
        var architecture = ArchitectureCatalogue.Find(name) ?? throw new ArgumentException(SpecValidation.UnknownArchitecture(name), nameof(name));
        return new ModelPlan { Id = id, Role = role, Architecture = name, Parameters = architecture.Parameters(role == ModelRole.Generator ? Spec.Dataset.Shape.OfWords : Spec.Dataset.Shape) };
    }
}
