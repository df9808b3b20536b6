using System.Text.Json;
using System.Text.Json.Nodes;
using KdService.Api.Errors;
using KdService.Core.Jobs;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Core.Wire;

namespace KdService.Api.OpenApi;

/// <summary>What the documentation shows. Specs come from the methods themselves, answers are typed: an example cannot fall behind.</summary>
public static class Examples
{
    /// <summary>A job id.</summary>
    public const string JobId = "01jtqv8k3m5x7r9w2y4z6a8c0e";

    /// <summary>A digest.</summary>
    public const string Sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    private static readonly DateTimeOffset Submitted = new(2026, 3, 2, 9, 30, 0, TimeSpan.Zero);

    /// <summary>A job spec for every method, by the method's name; each can be submitted as it is.</summary>
    public static IReadOnlyDictionary<string, JsonObject> Specs { get; } = MethodCatalogue.All.ToDictionary(method => method.Name, SpecFor);

    /// <summary>A job in the middle of its training.</summary>
    public static JobView Job { get; } = Running();

    /// <summary>The diagnosis of a job like <see cref="Job"/> that has succeeded, in line.</summary>
    public static JobView Diagnosis { get; } = Job with
    {
        Id = "01jtqw2b4d6f8h0k2m4p6r8t0v",
        Name = $"diagnosis of {JobId}",
        Status = JobState.Queued,
        Labels = new Dictionary<string, string>(),
        Diagnoses = JobId,
        Attempt = 0,
        Node = null,
        CreatedAt = Submitted.AddMinutes(20),
        StartedAt = null,
        EstimatedFinishAt = null,
        Progress = null,
        Metrics = null,
        Spec = Job.Spec! with { Name = $"diagnosis of {JobId}", Labels = [], Diagnosis = true },
        Plan = Job.Plan! with { Diagnosis = true },
    };

    /// <summary>What validation says of the spec of <see cref="Job"/>.</summary>
    public static ValidationView Validation { get; } = new()
    {
        Spec = Job.Spec!,
        Plan = Job.Plan!,
        Estimate = Estimate.Of(Job.Plan!, threads: 1),
        TeacherPlan = PlanBuilder.Compile(TeacherRecipe.JobFor(Job.Spec!)),
        TeacherEstimate = Estimate.Of(PlanBuilder.Compile(TeacherRecipe.JobFor(Job.Spec!)), threads: 1),
    };

    /// <summary>What happened to <see cref="Job"/> first.</summary>
    public static Page<EventView> Events { get; } = new(
    [
        new EventView(1, "state", 0, Submitted, JsonSerializer.SerializeToElement(new { to = "waiting" })),
        new EventView(2, "state", 0, Submitted.AddMinutes(3), JsonSerializer.SerializeToElement(new { from = "waiting", to = "queued" })),
    ], "2");

    /// <summary>The loss of <see cref="Job"/>.</summary>
    public static Page<MetricSeries> Metrics { get; } = new([new MetricSeries("train/loss", [new MetricPoint(1, 9.31, 1, "distil"), new MetricPoint(220, 1.24, 8, "distil")])], null);

    /// <summary>A checkpoint of <see cref="Job"/>.</summary>
    public static Page<CheckpointView> Checkpoints { get; } = new(
        [new CheckpointView(CheckpointKind.Epoch, "student", "distil", 5, 145, 0.57, Sha256, 318_112, Submitted.AddMinutes(5), $"/v1/artifacts/{Sha256}")], null);

    /// <summary>What a job makes.</summary>
    public static Page<ArtifactView> Artifacts { get; } = new(
        [new ArtifactView("student.best.safetensors", "application/octet-stream", Sha256, 318_112, Submitted.AddMinutes(6), $"/v1/artifacts/{Sha256}")], null);

    /// <summary>A worker host.</summary>
    public static Page<NodeView> Nodes { get; } = new(
        [new NodeView("worker-1", "worker-1.example.org", new Dictionary<string, int> { ["cpu"] = 2 }, 1, true, Submitted.AddMinutes(5), "0.1.0")], null);

    /// <summary>A problem of a kind.</summary>
    public static ProblemView Problem(ProblemKind kind)
    {
        var problem = kind.Describe(null) with { Instance = "/v1/jobs", TraceId = "0af7651916cd43dd8448eb211c80319c" };
        if (kind == ProblemKind.InvalidDocument)
            return problem with { Errors = [new Problem("/method/temprature", "unknown field; did you mean temperature?"), new Problem("/training/epochs", "0 given; an integer from 1 to 100000")] };
        if (kind == ProblemKind.InvalidTransition)
            return problem with { State = JobState.Succeeded, Allowed = [] };
        if (kind == ProblemKind.InvalidParameter)
            return problem with { Errors = [new Problem("/stauts", "unknown field; did you mean status?")] };
        return problem;
    }

    private static JsonObject SpecFor(MethodDescription method)
    {
        var (inputs, team, dataset, teacher, student) = method.TextsOnly
            ? ("phrases", "language", "phrases", "bert-l4-h64", "bert-l2-h64")
            : ("pictures", "vision", "procedural", "resnet20", "resnet8");
        var spec = new JsonObject
        {
            ["name"] = $"{method.Title} on drawn {inputs}",
            ["labels"] = new JsonObject { ["team"] = team },
            ["dataset"] = new JsonObject { ["name"] = dataset, ["samples"] = 2000 },
            ["teacher"] = new JsonObject { ["model"] = teacher },
            ["student"] = new JsonObject { ["model"] = student },
            ["method"] = method.Example.DeepClone(),
            ["training"] = new JsonObject { ["epochs"] = 20, ["batch_size"] = 64 },
        };
        if (!method.NeedsTeacher) spec.Remove("teacher");
        return spec;
    }

    private static JobView Running()
    {
        var problems = new ProblemList();
        var spec = SpecValidation.Read(JsonSerializer.SerializeToElement(Specs["kd"]), problems) ?? throw new InvalidDocumentException(problems.Items);
        return new JobView
        {
            Id = JobId,
            Name = spec.DisplayName,
            Status = JobState.Running,
            Labels = spec.Labels,
            Queue = spec.Queue,
            Method = spec.Method.Name,
            Dataset = spec.Dataset.Name,
            Student = spec.Student.Model,
            Teacher = spec.Teacher?.Model,
            TeacherJob = "01jtqv8k3k4n6p8q0s2t4v6x8z",
            Attempt = 1,
            MaxAttempts = spec.Resources.MaxAttempts,
            Node = "worker-1",
            CreatedAt = Submitted,
            StartedAt = Submitted.AddMinutes(4),
            EstimatedFinishAt = Submitted.AddMinutes(6),
            Progress = new Progress { Stage = "distil", Epoch = 8, Epochs = 20, Step = 220, Steps = 580, Fraction = 0.38, SecondsLeft = 74, SamplesPerSecond = 310 },
            Metrics = new Dictionary<string, double> { ["train/loss"] = 1.24, ["selection/accuracy"] = 0.61, ["score/accuracy"] = 0.61 },
            Spec = spec,
            Plan = PlanBuilder.Compile(spec),
        };
    }
}
