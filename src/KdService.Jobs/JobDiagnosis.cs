using KdService.Core.Jobs;
using KdService.Core.Runs;
using KdService.Core.Wire;
using KdService.Jobs.Lifecycle;
using KdService.Jobs.Persistence;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdService.Jobs;

/// <summary>Diagnoses of finished jobs. Each is a job of its own, which loads teacher and student and trains nothing.</summary>
public sealed class JobDiagnosis
{
    private readonly NpgsqlDataSource _database;
    private readonly JobTransactions _transactions;
    private readonly JobLifecycle _lifecycle;
    private readonly ILogger _log;

    internal JobDiagnosis(NpgsqlDataSource database, JobTransactions transactions, JobLifecycle lifecycle, ILogger<JobDiagnosis> log) =>
        (_database, _transactions, _lifecycle, _log) = (database, transactions, lifecycle, log);

    /// <summary>Has a finished job's student and its teacher diagnosed; asked again, it is the same diagnosis, unless that failed or was cancelled.</summary>
    /// <returns>The job that diagnoses, and whether this call created it.</returns>
    /// <exception cref="JobNotFoundException">There is no such job.</exception>
    /// <exception cref="NotDiagnosableException">The job has not succeeded, has no teacher, or brings its diagnosis by itself.</exception>
    public async Task<(JobView Diagnosis, bool Created)> RequestAsync(string id, CancellationToken cancellation)
    {
        var diagnosed = await JobRows.FindAsync(_database, id, cancellation) ?? throw new JobNotFoundException(id);
        if (Objection(diagnosed) is { } objection) throw new NotDiagnosableException(objection);
        var job = DiagnosisOf(diagnosed);
        while (true)
        {
            if (await FindAsync(id, cancellation) is { } known) return ((await JobRows.FindAsync(_database, known, cancellation))!, false);
            // Of several requests at once one inserts; the others find its job.
            if (!await _transactions.RunAsync(connection => InsertAsync(connection, job, cancellation), cancellation)) continue;
            _log.LogInformation("Job {JobId} was submitted: it diagnoses {DiagnosedJobId}", job.Id, id);
            return ((await JobRows.FindAsync(_database, job.Id, cancellation))!, true);
        }
    }

    private static string? Objection(JobView job) => job switch
    {
        { Diagnoses: { } other } => $"job {job.Id} is the diagnosis of job {other}; {DiagnosisReport.FileName} is among the artifacts of both",
        { Plan.Teacher: null } => $"job {job.Id} has no teacher, whose signal a diagnosis is about; a job of a method with one",
        { Plan.Diagnosis: true } => $"job {job.Id} diagnoses itself at its end, as its spec asks; {DiagnosisReport.FileName} is then among its artifacts",
        { Status: not JobState.Succeeded } => $"job {job.Id} is {Words.Of(job.Status)}; a job that has succeeded",
        _ => null,
    };

    private static Job DiagnosisOf(JobView diagnosed)
    {
        var spec = diagnosed.Spec! with { Name = $"diagnosis of {diagnosed.Id}", Labels = [], Diagnosis = true };
        return TeacherJobs.NewJob(spec, diagnosed.Plan! with { Diagnosis = true }, requestDigest: "") with
        {
            // Its teacher has been trained: the job it diagnoses has learnt from it.
            State = JobState.Queued,
            TeacherJobId = diagnosed.TeacherJob,
            DiagnosesJobId = diagnosed.Id,
        };
    }

    private async Task<bool> InsertAsync(NpgsqlConnection connection, Job job, CancellationToken cancellation)
    {
        if (!await JobRows.InsertAsync(connection, job, cancellation)) return false;
        await _lifecycle.ScheduleAsync(job, cancellation);
        return true;
    }

    private async Task<string?> FindAsync(string id, CancellationToken cancellation)
    {
        await using var command = _database.CreateCommand("select id from jobs where diagnoses_job_id = $1 and state not in ('failed', 'cancelled')");
        command.Parameters.Add(new() { Value = id });
        return (string?)await command.ExecuteScalarAsync(cancellation);
    }
}
