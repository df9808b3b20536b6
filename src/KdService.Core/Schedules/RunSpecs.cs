using KdService.Core.Benchmarks;
using KdService.Core.Specs;

namespace KdService.Core.Schedules;

/// <summary>What a run of a schedule submits: the schedule's document with its label and, where seeds vary, seeds of its own.</summary>
public static class RunSpecs
{
    /// <summary>The label by which the jobs and benchmarks of a schedule are found; its value is the schedule's id.</summary>
    public const string Label = "schedule";

    /// <summary>The largest seed; after it comes 0.</summary>
    private const long LargestSeed = (1L << 53) - 1;

    /// <summary>The job of a run.</summary>
    /// <param name="job">The schedule's.</param>
    /// <param name="schedule">The schedule's id.</param>
    /// <param name="offset">How far the seed has moved on; the run's number, or 0.</param>
    public static JobSpec Of(JobSpec job, string schedule, int offset) =>
        job with { Labels = new(job.Labels) { [Label] = schedule }, Seed = Move(job.Seed, offset) };

    /// <summary>The benchmark of a run.</summary>
    /// <param name="benchmark">The schedule's.</param>
    /// <param name="schedule">The schedule's id.</param>
    /// <param name="offset">How far the seeds have moved on, in steps of as many as they span; the run's number, or 0.</param>
    public static BenchmarkSpec Of(BenchmarkSpec benchmark, string schedule, int offset)
    {
        var labelled = benchmark with { Labels = new(benchmark.Labels) { [Label] = schedule } };
        if (benchmark.Matrix.Seeds is { Count: > 0 } seeds)
        {
            var span = seeds.Max() - seeds.Min() + 1;
            return labelled with { Matrix = benchmark.Matrix with { Seeds = [.. seeds.Select(seed => Move(seed, span * offset))] } };
        }
        var moved = benchmark.Base.DeepClone().AsObject();
        moved["seed"] = Move((long?)moved["seed"] ?? 0, offset);
        return labelled with { Base = moved };
    }

    /// <summary>A seed, moved on.</summary>
    public static long Move(long seed, long by) => (seed + by) & LargestSeed;
}
