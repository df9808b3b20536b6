using KdService.Core.Jobs;
using KdService.Core.Wire;
using KdService.Jobs.Lifecycle;
using KdService.Jobs.Models;
using KdService.Jobs.Persistence;
using Npgsql;

namespace KdService.Jobs;

/// <summary>What users may ask of a job that exists.</summary>
public sealed class JobControl
{
    private readonly NpgsqlDataSource _database;
    private readonly JobTransactions _transactions;
    private readonly JobLifecycle _lifecycle;
    private readonly TeacherJobs _teachers;
    private readonly ModelStore _models;

    internal JobControl(NpgsqlDataSource database, JobTransactions transactions, JobLifecycle lifecycle, TeacherJobs teachers, ModelStore models) =>
        (_database, _transactions, _lifecycle, _teachers, _models) = (database, transactions, lifecycle, teachers, models);

    /// <summary>Ends a job for good; a running trainer is killed and its slot is free within seconds.</summary>
    /// <exception cref="JobNotFoundException">There is no such job.</exception>
    /// <exception cref="InvalidTransitionException">The job has ended, or is being cancelled already.</exception>
    public Task<JobView> CancelAsync(string id, CancellationToken cancellation) => ApplyAsync(id, JobTrigger.Cancel, cancellation);

    /// <summary>Stops a job such that it can go on where it was; a running trainer writes a checkpoint first.</summary>
    /// <inheritdoc cref="CancelAsync" path="/exception[1]"/>
    /// <exception cref="InvalidTransitionException">The job has ended, or is being paused or cancelled.</exception>
    public Task<JobView> PauseAsync(string id, CancellationToken cancellation) => ApplyAsync(id, JobTrigger.Pause, cancellation);

    /// <summary>Lines a paused job up again.</summary>
    /// <inheritdoc cref="CancelAsync" path="/exception[1]"/>
    /// <exception cref="InvalidTransitionException">The job is not paused.</exception>
    public Task<JobView> ResumeAsync(string id, CancellationToken cancellation) => ApplyAsync(id, JobTrigger.Resume, cancellation);

    /// <summary>Lines a failed or cancelled job up again, from its last checkpoint and with its budgets of attempts and time anew.</summary>
    /// <inheritdoc cref="CancelAsync" path="/exception[1]"/>
    /// <exception cref="InvalidTransitionException">The job has not failed and is not cancelled, or an equal teacher job or diagnosis has taken its place, or a model that it needs has been removed.</exception>
    public async Task<JobView> RetryAsync(string id, CancellationToken cancellation)
    {
        var job = await JobRows.FindAsync(_database, id, cancellation) ?? throw new JobNotFoundException(id);
        foreach (var model in job.Plan?.ImportedModels ?? [])
        {
            if (await _models.FindAsync(model, cancellation) is null)
                throw new InvalidTransitionException(id, JobTrigger.Retry, job.Status, $"job {id} needs model {model}, which has been removed; import it again, and submit the spec with the id that it then has");
        }
        return await ApplyAsync(id, JobTrigger.Retry, cancellation);
    }

    private async Task<JobView> ApplyAsync(string id, JobTrigger trigger, CancellationToken cancellation)
    {
        try
        {
            var moved = await _transactions.RunAsync(async connection =>
            {
                var state = await _lifecycle.ApplyAsync(connection, id, trigger, new Change(), cancellation);
                if (state == JobState.Queued) await AwaitTeacherAsync(connection, id, cancellation);
                return state;
            }, cancellation);
            var job = await JobRows.FindAsync(_database, id, cancellation) ?? throw new JobNotFoundException(id);
            return moved is not null ? job : throw new InvalidTransitionException(id, trigger, job.Status);
        }
        catch (PostgresException taken) when (taken is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "jobs_live_recipe" or "jobs_live_diagnosis" })
        {
            var job = await JobRows.FindAsync(_database, id, cancellation) ?? throw new JobNotFoundException(id);
            throw new InvalidTransitionException(id, trigger, job.Status, job.Diagnoses is { } diagnosed
                ? $"job {id} diagnoses job {diagnosed}, and another diagnosis of it is in its place; use that one"
                : $"job {id} trains a teacher, and another job of the same recipe is in its place; use that one");
        }
    }

    /// <summary>A job that was stopped before its teacher had succeeded has to wait for it again.</summary>
    private async Task AwaitTeacherAsync(NpgsqlConnection connection, string id, CancellationToken cancellation)
    {
        var (spec, teacher) = await JobRows.TeacherOfAsync(connection, id, cancellation);
        if (spec.Teacher?.Model is null || teacher == JobState.Succeeded) return;
        await _lifecycle.ApplyAsync(connection, id, JobTrigger.Wait, new Change(), cancellation);
        await _teachers.AwaitAsync(connection, id, spec, benchmark: null, cancellation);
    }
}
