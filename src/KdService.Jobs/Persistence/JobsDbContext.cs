using KdService.Core.Jobs;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Jobs.Benchmarks;
using KdService.Jobs.Models;
using KdService.Jobs.Schedules;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace KdService.Jobs.Persistence;

/// <summary>
/// The tables as objects, for reading and for migrations. Writes that hold only under a condition (a transition, a
/// worker's batch) are SQL that states the condition.
/// </summary>
internal sealed class JobsDbContext(DbContextOptions<JobsDbContext> options) : DbContext(options)
{
    public DbSet<Job> Jobs => Set<Job>();

    public DbSet<Attempt> Attempts => Set<Attempt>();

    public DbSet<JobEvent> Events => Set<JobEvent>();

    public DbSet<MetricPoint> Metrics => Set<MetricPoint>();

    public DbSet<Checkpoint> Checkpoints => Set<Checkpoint>();

    public DbSet<Artifact> Artifacts => Set<Artifact>();

    public DbSet<ModelRow> Models => Set<ModelRow>();

    public DbSet<Node> Nodes => Set<Node>();

    public DbSet<Schedule> Schedules => Set<Schedule>();

    public DbSet<ScheduleRun> ScheduleRuns => Set<ScheduleRun>();

    public DbSet<StoredBenchmark> Benchmarks => Set<StoredBenchmark>();

    public DbSet<StoredRow> BenchmarkRows => Set<StoredRow>();

    public DbSet<StoredCell> BenchmarkCells => Set<StoredCell>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        var job = modelBuilder.Entity<Job>().ToTable("jobs");
        job.Property(entity => entity.State).HasConversion(Word<JobState>());
        AsJson(job.Property(entity => entity.Labels));
        AsJson(job.Property(entity => entity.Spec));
        AsJson(job.Property(entity => entity.Plan));
        AsJson(job.Property(entity => entity.Metrics!));
        AsJson(job.Property(entity => entity.Progress!));
        AsJson(job.Property(entity => entity.Failure!));
        AsJson(job.Property(entity => entity.Report!));
        modelBuilder.Entity<Attempt>().ToTable("attempts").HasKey(entity => new { entity.JobId, entity.Number });
        var jobEvent = modelBuilder.Entity<JobEvent>().ToTable("job_events");
        jobEvent.HasKey(entity => new { entity.JobId, entity.Id });
        jobEvent.Property(entity => entity.Data).HasColumnType("jsonb");
        modelBuilder.Entity<MetricPoint>().ToTable("metric_points").HasKey(entity => new { entity.JobId, entity.Name, entity.Step });
        var checkpoint = modelBuilder.Entity<Checkpoint>().ToTable("checkpoints");
        checkpoint.HasKey(entity => new { entity.JobId, entity.Kind, entity.Step, entity.Model });
        checkpoint.Property(entity => entity.Kind).HasConversion(Word<CheckpointKind>());
        modelBuilder.Entity<Artifact>().ToTable("artifacts").HasKey(entity => new { entity.JobId, entity.Name });
        AsJson(modelBuilder.Entity<ModelRow>().ToTable("models").Property(entity => entity.Facts));
        AsJson(modelBuilder.Entity<Node>().ToTable("nodes").Property(entity => entity.Slots));
        AsJson(modelBuilder.Entity<Schedule>().ToTable("schedules").Property(entity => entity.Spec));
        var run = modelBuilder.Entity<ScheduleRun>().ToTable("schedule_runs");
        run.HasKey(entity => new { entity.ScheduleId, entity.Number });
        run.Property(entity => entity.Outcome).HasConversion(Word<RunOutcome>());
        var benchmark = modelBuilder.Entity<StoredBenchmark>().ToTable("benchmarks");
        AsJson(benchmark.Property(entity => entity.Labels));
        AsJson(benchmark.Property(entity => entity.Spec));
        var row = modelBuilder.Entity<StoredRow>().ToTable("benchmark_rows");
        row.HasKey(entity => new { entity.BenchmarkId, entity.Number });
        AsJson(row.Property(entity => entity.Options));
        var cell = modelBuilder.Entity<StoredCell>().ToTable("benchmark_cells");
        cell.HasKey(entity => new { entity.BenchmarkId, entity.Number });
        AsJson(cell.Property(entity => entity.Spec));

        foreach (var property in modelBuilder.Model.GetEntityTypes().SelectMany(entity => entity.GetProperties()))
            property.SetColumnName(Json.Naming.ConvertName(property.Name));
    }

    private static void AsJson<T>(PropertyBuilder<T> property) where T : class => property.HasConversion(Document<T>()).HasColumnType("jsonb");

    private static ValueConverter<T, string> Document<T>() where T : class => new(value => Json.Write(value, false), text => Json.Read<T>(text));

    private static ValueConverter<T, string> Word<T>() where T : struct, Enum => new(value => Words.Of(value), text => Words.Parse<T>(text));
}
