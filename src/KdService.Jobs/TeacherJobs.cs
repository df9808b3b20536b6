using KdService.Core;
using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Jobs.Lifecycle;
using KdService.Jobs.Models;
using KdService.Jobs.Persistence;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdService.Jobs;

/// <summary>Teachers that jobs ask for by recipe: each is a job of its own, and equal recipes share one.</summary>
internal sealed class TeacherJobs(JobLifecycle lifecycle, ModelStore models, ILogger<TeacherJobs> log)
{
    /// <summary>Finds the live or succeeded job of a recipe, or submits one; keeps it from moving until the caller's transaction ends.</summary>
    /// <param name="connection">With a transaction.</param>
    /// <param name="spec">The spec of the job that asks.</param>
    /// <param name="benchmark">The benchmark that asks, which tries each teacher once: one that failed or was cancelled is its answer, too.</param>
    /// <param name="cancellation">Cancels.</param>
    private async Task<(string Id, JobState State)> EnsureAsync(NpgsqlConnection connection, JobSpec spec, string? benchmark, CancellationToken cancellation)
    {
        var teacher = TeacherRecipe.JobFor(spec);
        var digest = TeacherRecipe.Digest(teacher);
        while (true)
        {
            if (await FindAsync(connection, digest, cancellation) is { } found) return found;
            if (benchmark is not null && await FindEndedAsync(connection, digest, benchmark, cancellation) is { } ended) return ended;
            var job = NewJob(teacher, await CompileAsync(teacher, cancellation), digest) with { RecipeDigest = digest };
            // Of several submissions at once one inserts; the others wait for its commit and find its job.
            if (!await JobRows.InsertAsync(connection, job, cancellation)) continue;
            await lifecycle.ScheduleAsync(job, cancellation);
            log.LogInformation("Teacher job {JobId} was submitted for recipe {Digest}", job.Id, digest);
            return (job.Id, job.State);
        }
    }

    /// <summary>Makes a job wait for the teacher its recipe asks for, or moves it on at once if that has ended.</summary>
    /// <param name="connection">With a transaction, in which the job's row is waiting.</param>
    /// <param name="id">The job.</param>
    /// <param name="spec">Its spec.</param>
    /// <param name="benchmark">The benchmark that submits the job; null for jobs that users submit or retry.</param>
    /// <param name="cancellation">Cancels.</param>
    public async Task AwaitAsync(NpgsqlConnection connection, string id, JobSpec spec, string? benchmark, CancellationToken cancellation)
    {
        var teacher = await EnsureAsync(connection, spec, benchmark, cancellation);
        await using (var link = new NpgsqlCommand("update jobs set teacher_job_id = $2 where id = $1", connection))
        {
            link.Parameters.Add(new() { Value = id });
            link.Parameters.Add(new() { Value = teacher.Id });
            await link.ExecuteNonQueryAsync(cancellation);
        }
        if (teacher.State.IsTerminal()) await lifecycle.ReleaseAsync(connection, id, teacher.Id, teacher.State, cancellation);
    }

    /// <summary>The plan of a teacher's job.</summary>
    /// <exception cref="InvalidDocumentException">The imported model that it begins with is there no more.</exception>
    public async Task<Plan> CompileAsync(JobSpec teacher, CancellationToken cancellation) =>
        PlanBuilder.Compile(teacher, models: await models.OfAsync(teacher, new ProblemList(), cancellation));

    /// <summary>A job about to be inserted, in line unless it has a teacher to wait for.</summary>
    public static Job NewJob(JobSpec spec, Plan plan, string requestDigest) => new()
    {
        Id = SortableId.New(),
        State = spec.Teacher?.Model is null ? JobState.Queued : JobState.Waiting,
        Name = spec.DisplayName,
        Queue = spec.Queue,
        Labels = spec.Labels,
        Method = spec.Method.Name,
        Dataset = spec.Dataset.Name,
        Student = spec.Student.Model,
        Teacher = plan.Models.FirstOrDefault(model => model.Role == ModelRole.Teacher)?.Architecture,
        Spec = spec,
        Plan = plan,
        TeacherJobId = spec.Teacher?.Job,
        RequestDigest = requestDigest,
        AttemptLimit = spec.Resources.MaxAttempts,
        MaxAttempts = spec.Resources.MaxAttempts,
        // PostgreSQL keeps microseconds; the scheduler, milliseconds.
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()),
    };

    private static async Task<(string Id, JobState State)?> FindAsync(NpgsqlConnection connection, string digest, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            "select id, state from jobs where recipe_digest = $1 and state not in ('failed', 'cancelled') for share", connection);
        command.Parameters.Add(new() { Value = digest });
        return await ReadAsync(command, cancellation);
    }

    /// <summary>The job of a recipe that has failed the jobs of a benchmark.</summary>
    private static async Task<(string Id, JobState State)?> FindEndedAsync(NpgsqlConnection connection, string digest, string benchmark, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            """
            select teacher.id, teacher.state from benchmark_cells join jobs on jobs.id = job_id join jobs teacher on teacher.id = jobs.teacher_job_id
            where benchmark_id = $1 and teacher.recipe_digest = $2 and teacher.state in ('failed', 'cancelled') order by teacher.id desc limit 1
            """, connection)
        {
            Parameters = { new() { Value = benchmark }, new() { Value = digest } },
        };
        return await ReadAsync(command, cancellation);
    }

    private static async Task<(string Id, JobState State)?> ReadAsync(NpgsqlCommand command, CancellationToken cancellation)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation) ? (reader.GetString(0), Words.Parse<JobState>(reader.GetString(1))) : null;
    }
}
