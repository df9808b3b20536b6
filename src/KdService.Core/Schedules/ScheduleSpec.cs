using KdService.Core.Benchmarks;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Schedules;

/// <summary>What happens at a firing while an earlier run has not ended.</summary>
public enum Overlap
{
    /// <summary>The firing is recorded as skipped.</summary>
    Skip,

    /// <summary>Submitted all the same; it waits in its queue.</summary>
    Queue,

    /// <summary>The earlier run is cancelled first.</summary>
    CancelPrevious,
}

/// <summary>What is to be run, and when: submits the same job or benchmark again and again.</summary>
public sealed record ScheduleSpec
{
    /// <summary>A name for people.</summary>
    [Field("A name for people.", MaxLength = 100, Pattern = @"[^\p{Cc}]+")]
    public required string Name { get; init; }

    /// <summary>When to run.</summary>
    [Field("When to run: five fields as in a crontab (minute, hour, day of the month, month, day of the week with 0 or 7 for Sunday; \"0 3 * * *\" is every day at 3:00), or Quartz's six or seven with a second before them and a year behind (there 1 is Sunday). Where both days are restricted, either will do. A range that ends before it begins goes round: hours 22-2 are 22, 23, 0, 1 and 2.")]
    public required string Cron { get; init; }

    /// <summary>Whose clock the line means.</summary>
    [Field("The IANA time zone whose clock the line means. A time that a change of clocks leaves out runs when the clock has moved on; one that comes twice runs once.", MaxLength = 64)]
    public string TimeZone { get; init; } = "UTC";

    /// <summary>What happens while an earlier run has not ended.</summary>
    [Field("What happens at a firing while an earlier run has not ended. skip: nothing, and the run is recorded as skipped. queue: it is submitted and waits its turn. cancel_previous: the earlier run is cancelled first.")]
    public Overlap Overlap { get; init; }

    /// <summary>Whether it rests.</summary>
    [Field("Whether the schedule rests. What falls into a pause is not made up for.")]
    public bool Paused { get; init; }

    /// <summary>Whether every run has a seed of its own.</summary>
    [Field("Whether run n has the seed of the spec plus n; the seeds of a benchmark move on by n times as many as they span, so that no two runs share one. With one seed and one thread every run comes out the same to the last bit; different seeds show how far runs scatter.")]
    public bool VarySeed { get; init; }

    /// <summary>The job to submit.</summary>
    [Field("The job to submit at every firing: a job spec. Exactly one of job and benchmark.")]
    public JobSpec? Job { get; init; }

    /// <summary>The benchmark to submit.</summary>
    [Field("The benchmark to submit at every firing.")]
    public BenchmarkSpec? Benchmark { get; init; }
}

/// <summary>What may change about a schedule; a field that is left out stays. What it runs stays, so that its runs compare.</summary>
public sealed record ScheduleChange
{
    /// <summary>A new name.</summary>
    [Field("A new name.", MaxLength = 100, Pattern = @"[^\p{Cc}]+")]
    public string? Name { get; init; }

    /// <summary>A new line.</summary>
    [Field("A new cron line.")]
    public string? Cron { get; init; }

    /// <summary>Another time zone.</summary>
    [Field("Another IANA time zone.", MaxLength = 64)]
    public string? TimeZone { get; init; }

    /// <summary>Another policy.</summary>
    [Field("Another overlap policy; holds from the next firing on.")]
    public Overlap? Overlap { get; init; }

    /// <summary>Rest or go on.</summary>
    [Field("true to rest, false to go on.")]
    public bool? Paused { get; init; }

    /// <summary>Whether further runs have seeds of their own.</summary>
    [Field("Whether further runs have seeds of their own.")]
    public bool? VarySeed { get; init; }

    /// <summary>A schedule after the change.</summary>
    public ScheduleSpec Of(ScheduleSpec spec) => spec with
    {
        Name = Name ?? spec.Name,
        Cron = Cron ?? spec.Cron,
        TimeZone = TimeZone ?? spec.TimeZone,
        Overlap = Overlap ?? spec.Overlap,
        Paused = Paused ?? spec.Paused,
        VarySeed = VarySeed ?? spec.VarySeed,
    };
}
