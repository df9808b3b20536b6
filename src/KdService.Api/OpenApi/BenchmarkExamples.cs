using System.Text.Json;
using System.Text.Json.Nodes;
using KdService.Core.Benchmarks;
using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Core.Wire;

namespace KdService.Api.OpenApi;

/// <summary>What the documentation of benchmarks shows; the specs can be submitted as they are, and the answers come from them.</summary>
public static class BenchmarkExamples
{
    /// <summary>A benchmark id.</summary>
    public const string Id = "01jtqw2m5p8r1t4v7x9z0b3d6f";

    private static readonly DateTimeOffset Submitted = new(2026, 3, 2, 10, 0, 0, TimeSpan.Zero);

    /// <summary>Benchmarks, by what they vary.</summary>
    public static IReadOnlyDictionary<string, JsonObject> Specs { get; } = new Dictionary<string, JsonObject>
    {
        ["methods"] = Parse("""
            {
              "name": "Three methods on drawn pictures",
              "labels": {"team": "vision"},
              "base": {
                "dataset": {"name": "procedural", "samples": 2000},
                "teacher": {"model": "resnet20"},
                "student": {"model": "resnet8"},
                "training": {"epochs": 20, "batch_size": 64}
              },
              "matrix": {
                "methods": ["none", "kd", {"name": "kd", "temperature": 8, "label": "kd, hot"}],
                "seeds": [1, 2, 3]
              },
              "max_running": 2
            }
            """),
        ["students and epochs"] = Parse("""
            {
              "name": "How long, and how small",
              "base": {
                "dataset": {"name": "procedural", "samples": 2000},
                "teacher": {"model": "resnet20"},
                "method": {"name": "kd"}
              },
              "matrix": {"students": ["resnet8", "resnet14"], "options": {"/training/epochs": [10, 20]}}
            }
            """),
    };

    /// <summary>A benchmark of which one job has succeeded.</summary>
    public static BenchmarkView View { get; } = Running();

    /// <summary>What validation says of it.</summary>
    public static BenchmarkValidationView Validation { get; } = Validated();

    private static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();

    private static BenchmarkPlan Plan()
    {
        var problems = new ProblemList();
        return BenchmarkExpansion.Read(JsonSerializer.SerializeToElement(Specs["methods"]), problems) ?? throw new InvalidDocumentException(problems.Items);
    }

    private static BenchmarkView Running()
    {
        var plan = Plan();
        var counts = new Dictionary<string, int> { [BenchmarkTable.Planned] = 6, ["running"] = 2, ["succeeded"] = 1 };
        var row = plan.Rows[0];
        return new BenchmarkView
        {
            Id = Id,
            Name = plan.Spec.Name,
            Status = BenchmarkState.Running,
            Labels = plan.Spec.Labels,
            Baseline = plan.Baseline,
            MaxRunning = plan.Spec.MaxRunning,
            CreatedAt = Submitted,
            Jobs = counts,
            Protocol = Protocol.Holdout,
            Rows =
            [
                new BenchmarkRowView
                {
                    Label = row.Label,
                    Method = row.Method,
                    Student = row.Student,
                    Options = new Dictionary<string, JsonElement>(),
                    Jobs = new Dictionary<string, int> { [BenchmarkTable.Planned] = 2, ["succeeded"] = 1 },
                    Metric = ScoreMetric.Accuracy,
                    Last = Spread.Of([0.612]),
                    Best = Spread.Of([0.618]),
                    Nll = Spread.Of([1.12]),
                    Ece = Spread.Of([0.043]),
                    Robustness = [new BenchmarkRobustness { Name = "pgd 8/255 x10", Score = Spread.Of([0.021])!, Clean = Spread.Of([0.62]), SuccessRate = Spread.Of([0.966]), Change = Spread.Of([0.024]), Queries = Spread.Of([5.2]) }],
                    WallSeconds = Spread.Of([131]),
                    TrainerSeconds = Spread.Of([128]),
                    Parameters = 78_042,
                    MultiplyAdds = 12_500_000,
                    Latency = [new BenchmarkLatency(1, 1, 0.9, 1.2, 1.6), new BenchmarkLatency(32, 1, 11.4, 12.8, 14.1)],
                    Pareto = new ParetoView(true, true, true),
                },
            ],
            Teachers = [new BenchmarkTeacherView { Job = "01jtqw2m5r0s2u5w8y1a4c7e9g", Model = "resnet20", Status = JobState.Succeeded, Students = 2, Metric = ScoreMetric.Accuracy, Best = 0.71, Last = 0.70, Parameters = 272_474, TrainerSeconds = 210 }],
            Cells = [new BenchmarkCellView { Row = row.Label, Seed = 1, Job = Examples.JobId, Status = JobState.Succeeded, Fraction = 1, Last = 0.612, Best = 0.618, TrainerSeconds = 128 }],
            Spec = plan.Spec,
        };
    }

    private static BenchmarkValidationView Validated()
    {
        var plan = Plan();
        var taught = plan.Rows[1];
        var teacher = TeacherRecipe.JobFor(taught.Spec);
        var estimate = Estimate.Of(PlanBuilder.Compile(taught.Spec), threads: 1);
        return new BenchmarkValidationView
        {
            Rows = [new BenchmarkRowPlan(taught.Label, taught.Spec, estimate)],
            Seeds = plan.Seeds,
            Jobs = plan.Rows.Count * plan.Seeds.Count,
            Baseline = plan.Baseline,
            Teachers = [new BenchmarkTeacherPlan(teacher.Student.Model, teacher.Seed, 6, Estimate.Of(PlanBuilder.Compile(teacher), threads: 1))],
            Estimate = estimate,
        };
    }
}
