using KdService.Core.Architectures;
using KdService.Core.Specs;

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

    private PlanBuilder(JobSpec spec) => Spec = spec;

    /// <summary>The spec being compiled.</summary>
    public JobSpec Spec { get; }

    /// <summary>The teacher's logits as they are.</summary>
    public static Curriculum FromTeacher { get; } = new() { Source = Teacher };

    /// <summary>Compiles a valid spec.</summary>
    /// <param name="spec">A spec that validation has passed.</param>
    /// <param name="teacherArchitecture">The teacher's network where the spec names a job instead of one.</param>
    public static Plan Compile(JobSpec spec, string? teacherArchitecture = null)
    {
        var builder = new PlanBuilder(spec);
        if (spec.Method.NeedsTeacher)
        {
            var architecture = spec.Teacher?.Model ?? teacherArchitecture
                ?? throw new ArgumentException("the teacher's network is not known", nameof(teacherArchitecture));
            builder._models.Add(builder.Describe(Teacher, ModelRole.Teacher, architecture) with { WeightsInput = Teacher });
        }
        builder.AddModel(Student, ModelRole.Student, spec.Student.Model);
        spec.Method.Compile(builder);
        return new Plan
        {
            Dataset = spec.Dataset,
            Evaluation = spec.Evaluation,
            Models = builder._models,
            Stages = builder._stages,
            Result = Student,
            Seed = spec.Seed,
            TeacherSignal = spec.TeacherSignal,
            CheckpointEveryEpochs = spec.CheckpointEveryEpochs,
        };
    }

    /// <summary>Adds a network that starts from the spec's seed.</summary>
    public void AddModel(string id, ModelRole role, string architecture) =>
        _models.Add(Describe(id, role, architecture) with { Seed = Spec.Seed });

    /// <summary>Adds a stage with the spec's batch size, optimiser and schedule.</summary>
    public void Add(string name, string trains, int epochs, Objective objective, Curriculum? curriculum = null, StartFrom? startFrom = null) =>
        _stages.Add(new Stage
        {
            Name = name,
            Trains = trains,
            Epochs = epochs,
            BatchSize = Spec.Training.BatchSize,
            Objective = objective,
            Curriculum = curriculum,
            Optimizer = Spec.Training.Optimizer,
            Schedule = Spec.Training.Schedule,
            StartFrom = startFrom,
        });

    private ModelPlan Describe(string id, ModelRole role, string name)
    {
        var architecture = ArchitectureCatalogue.Find(name) ?? throw new ArgumentException(SpecValidation.UnknownArchitecture(name), nameof(name));
        return new ModelPlan { Id = id, Role = role, Architecture = name, Parameters = architecture.Parameters(Spec.Dataset.Classes) };
    }
}
