using KdService.Cli.Commands;
using KdService.Core.Benchmarks;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Schedules;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Cli.Tests;

public sealed class ReferenceTests
{
    [Fact]
    public void SpecReference_InTheDocumentation_IsWhatTheSchemaSays() =>
        Assert.Equal(SpecReference.Markdown(), File.ReadAllText(Path.Combine(KdProgram.Root, "docs", "spec.md")));

    [Fact]
    public void Examples_OnDataThatNobodyHasToFetch_CoverEveryMethodAndCompile()
    {
        var specs = Files("*.json").Except(Files("schedule-*.json")).Except(Benchmarks).Select(path => SpecValidation.ReadOrThrow(File.ReadAllBytes(path))).ToList();

        Assert.Empty(MethodCatalogue.All.Select(method => method.Name).Except(specs.Where(spec => spec.Dataset.Name == (spec.Method.TextsOnly ? "phrases" : "procedural")).Select(spec => spec.Method.Name)));
        Assert.All(specs, spec => Assert.NotEmpty(PlanBuilder.Compile(spec).Stages));
    }

    [Fact]
    public void Examples_OfSchedules_AreAcceptedAndTheirJobsCompile()
    {
        var files = Files("schedule-*.json");
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            var problems = new ProblemList();
            var schedule = ScheduleValidation.Read(DocumentReader.Parse(File.ReadAllBytes(file), problems)!.Value, problems);
            Assert.Empty(problems.Items);
            if (schedule!.Job is { } job) Assert.NotEmpty(PlanBuilder.Compile(job).Stages);
        }
    }

    [Fact]
    public void Examples_OfBenchmarks_AreAcceptedAndEveryCellCompiles()
    {
        Assert.NotEmpty(Benchmarks);
        foreach (var file in Benchmarks)
        {
            var problems = new ProblemList();
            var plan = BenchmarkExpansion.Read(File.ReadAllBytes(file), problems);
            Assert.True(problems.None, $"{file}: {string.Join("; ", problems.Items)}");
            Assert.All(plan!.Cells, cell => Assert.NotEmpty(PlanBuilder.Compile(cell.Spec).Stages));
            Assert.Single(plan.Cells.Where(cell => cell.Spec.Teacher is not null).Select(cell => TeacherRecipe.Digest(TeacherRecipe.JobFor(cell.Spec))).Distinct());
        }
    }

    [Fact]
    public void Example_OfReviewKdFromResNet32x4To8x4_HasTheWeightOfThatPair()
    {
        var file = Path.Combine(KdProgram.Root, "examples", "paper-repdistiller-resnet32x4-to-8x4.json");
        var methods = BenchmarkExpansion.Read(File.ReadAllBytes(file), new ProblemList())!.Rows.Select(row => row.Spec.Method);
        Assert.Equal(5, Assert.Single(methods.OfType<ReviewKd>()).FeatureWeight);
    }

    [Fact]
    public void GettingStarted_ShowsAComplaintAsItIs() =>
        Assert.Contains(SpecValidation.UnknownArchitecture("resnet9"), File.ReadAllText(Path.Combine(KdProgram.Root, "docs", "getting-started.md")), StringComparison.Ordinal);

    private static string[] Benchmarks => [.. Files("benchmark-*.json"), .. Files("paper-*.json")];

    private static string[] Files(string pattern) => Directory.GetFiles(Path.Combine(KdProgram.Root, "examples"), pattern);
}
