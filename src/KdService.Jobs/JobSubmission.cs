using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Core.Wire;
using KdService.Jobs.Lifecycle;
using KdService.Jobs.Models;
using KdService.Jobs.Persistence;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdService.Jobs;

/// <summary>Takes jobs in. A spec has passed Core's validation; what needs a disk or other jobs to be known is checked here.</summary>
public sealed class JobSubmission
{
    private readonly NpgsqlDataSource _database;
    private readonly JobTransactions _transactions;
    private readonly JobLifecycle _lifecycle;
    private readonly TeacherJobs _teachers;
    private readonly DatasetProbe _datasets;
    private readonly ModelStore _models;
    private readonly KdOptions _options;
    private readonly ILogger _log;

    internal JobSubmission(
        NpgsqlDataSource database, JobTransactions transactions, JobLifecycle lifecycle, TeacherJobs teachers, DatasetProbe datasets, ModelStore models,
        KdOptions options, ILogger<JobSubmission> log) =>
        (_database, _transactions, _lifecycle, _teachers, _datasets, _models, _options, _log) =
        (database, transactions, lifecycle, teachers, datasets, models, options, log);

    /// <summary>Submits a job. The job, its plan, its teacher's job if that is new, and its place in the queue become durable together.</summary>
    /// <param name="spec">A spec that <see cref="SpecValidation"/> has passed.</param>
    /// <param name="idempotencyKey">The same key and body, however often and from however many clients, is one job; null submits anew each time.</param>
    /// <param name="requestDigest">Digest of the request's body, by which another body under the same key is told.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>The job, and whether this call created it.</returns>
    /// <exception cref="InvalidDocumentException">The spec cannot be carried out here; carries every problem.</exception>
    /// <exception cref="IdempotencyConflictException">The key came with another body before.</exception>
    public async Task<(JobView Job, bool Created)> SubmitAsync(
        JobSpec spec, string? idempotencyKey, string requestDigest, CancellationToken cancellation)
    {
        var problems = new ProblemList();
        if (await CompileAsync(spec, problems, cancellation) is not { } compiled)
        {
            // A request repeated after its data set went away is still the job that the first one made.
            if (idempotencyKey is not null && await FindByKeyAsync(idempotencyKey, requestDigest, cancellation) is { } earlier) return (earlier, false);
            throw new InvalidDocumentException(problems.Items);
        }

        var job = TeacherJobs.NewJob(compiled.Spec, compiled.Plan, requestDigest) with { IdempotencyKey = idempotencyKey };
        var created = await _transactions.RunAsync(connection => InsertAsync(connection, job, benchmark: null, cancellation), cancellation);
        if (!created)
        {
            return (await FindByKeyAsync(idempotencyKey!, requestDigest, cancellation)
                ?? throw new InvalidOperationException($"the insert of a job under key {idempotencyKey} met one that is not there"), false);
        }
        _log.LogInformation("Job {JobId} was submitted: {Name} in queue {Queue}", job.Id, job.Name, job.Queue);
        return ((await JobRows.FindAsync(_database, job.Id, cancellation))!, true);
    }

    /// <summary>Says what a spec would become, without submitting it.</summary>
    /// <exception cref="InvalidDocumentException">The spec cannot be carried out here; carries every problem.</exception>
    public async Task<ValidationView> ValidateAsync(JobSpec spec, CancellationToken cancellation)
    {
        var problems = new ProblemList();
        var compiled = await CompileAsync(spec, problems, cancellation) ?? throw new InvalidDocumentException(problems.Items);
        var teacher = spec.Teacher?.Model is null ? null : TeacherRecipe.JobFor(compiled.Spec);
        var teacherPlan = teacher is null || await HasSucceededAsync(teacher, cancellation) ? null : await _teachers.CompileAsync(teacher, cancellation);
        return new ValidationView
        {
            Spec = compiled.Spec,
            Plan = compiled.Plan,
            Estimate = EstimateOf(compiled.Spec, compiled.Plan),
            TeacherPlan = teacherPlan,
            TeacherEstimate = teacherPlan is null ? null : EstimateOf(teacher!, teacherPlan),
        };
    }

    /// <summary>Inserts a new job in the caller's transaction, with its place in the queue or its teacher's job; false if its key is taken.</summary>
    internal async Task<bool> InsertAsync(NpgsqlConnection connection, Job job, string? benchmark, CancellationToken cancellation)
    {
        if (!await JobRows.InsertAsync(connection, job, cancellation)) return false;
        if (job.State == JobState.Queued) await _lifecycle.ScheduleAsync(job, cancellation);
        else await _teachers.AwaitAsync(connection, job.Id, job.Spec, benchmark, cancellation);
        return true;
    }

    /// <summary>What the job that trains a teacher will cost here.</summary>
    internal async Task<Estimate> EstimateOfTeacherAsync(JobSpec teacher, CancellationToken cancellation) => EstimateOf(teacher, await _teachers.CompileAsync(teacher, cancellation));

    /// <summary>What a job will cost here.</summary>
    internal Estimate EstimateOf(JobSpec spec, Plan plan) => Estimate.Of(plan, spec.Resources.Threads ?? _options.ThreadsPerSlot);

    /// <summary>The plan of a spec, if it can be carried out here; else null, with every problem noted.</summary>
    internal async Task<CompiledJob?> CompileAsync(JobSpec spec, ProblemList problems, CancellationToken cancellation)
    {
        spec = _datasets.Counted(spec, problems);
        var models = await _models.OfAsync(spec, problems, cancellation);
        var trained = spec.Teacher?.Job is { } job ? await JobRows.FindAsync(_database, job, cancellation) : null;
        var inherited = (trained?.Plan?.Dataset as TextDataset)?.Imported;
        var dataset = ImportsOfSpec.Resolve(spec, models, inherited, problems);
        var (usable, problem) = _datasets.LookInto(dataset);
        problems.Require(usable, "/dataset/name", $"{spec.Dataset.Name} cannot be used here: {problem}");
        foreach (var (index, other) in spec.Evaluation.AlsoOn.Index())
        {
            var asked = other.For(dataset);
            if (other.Optional && !_datasets.HasTest(asked)) continue;
            var (readable, fault) = _datasets.LookIntoTest(asked);
            problems.Require(readable, $"/evaluation/also_on/{index}/dataset", $"{asked.Title} cannot be evaluated on here: {fault}");
        }
        var facts = spec.Teacher?.Job is { } id ? await CheckTeacherAsync(dataset, id, trained, problems, cancellation) : null;
        return problems.None && PlanBuilder.Compile(spec, facts, problems, models) is { } plan ? new CompiledJob(spec, plan) : null;
    }

    /// <summary>Whether a finished job can be the teacher; returns what its students' plans need to know of it.</summary>
    private async Task<TeacherFacts?> CheckTeacherAsync(Dataset dataset, string id, JobView? teacher, ProblemList problems, CancellationToken cancellation)
    {
        const string Place = "/teacher/job";
        if (teacher?.Plan?.Dataset is not { } learnt)
        {
            problems.Add(Place, $"\"{id}\" given; the id of a succeeded job");
            return null;
        }
        problems.Require(teacher.Status == JobState.Succeeded, Place, $"job {id} is {Words.Of(teacher.Status)}; a job that has succeeded");
        problems.Require(teacher.Diagnoses is null, Place, $"job {id} diagnoses job {teacher.Diagnoses} and trains nothing; a job that has trained a network");
        var (its, asked) = (learnt.Shape, dataset.Shape);
        var alike = problems.Require((its.Target, its.Classes) == (asked.Target, asked.Classes), Place,
            $"job {id} predicts {ImportsOfSpec.Words(its.Target, its.Classes)}; a teacher that predicts {ImportsOfSpec.Words(asked.Target, asked.Classes)}, as {dataset.Title} asks");
        if (alike && learnt.Mismatch(dataset) is { } mismatch) problems.Add(Place, $"job {id} {mismatch}");
        if (learnt is TextDataset taught && dataset is TextDataset texts)
        {
            // How long its texts were is of no account: every position table has room for the longest.
            problems.Require(taught.VocabularyKey == texts.VocabularyKey, Place, $"job {id} cuts texts with {InWords(taught)}, and this job with {InWords(texts)}; one vocabulary for teacher, student and data");
        }
        else // Of what is predicted enough is said.
        {
            problems.Require(its with { Target = asked.Target, Classes = asked.Classes } == asked, Place, $"job {id} takes {its}; a teacher that takes {asked}, the inputs of {dataset.Name}");
        }
        await using var connection = await _database.OpenConnectionAsync(cancellation);
        return await TeacherCheckpoints.FactsAsync(connection, id, teacher.Student, cancellation);

        static string InWords(TextDataset texts) => texts.Imported is { } imported
            ? $"the vocabulary of model {imported.Model} ({imported.Entries} tokens)"
            : $"the vocabulary {texts.NamedVocabulary?.Name} ({texts.Shape.Vocabulary} tokens)";
    }

    /// <summary>Whether an equal teacher job has succeeded.</summary>
    internal async Task<bool> HasSucceededAsync(JobSpec teacher, CancellationToken cancellation)
    {
        await using var command = _database.CreateCommand("select exists (select from jobs where recipe_digest = $1 and state = 'succeeded')");
        command.Parameters.Add(new() { Value = TeacherRecipe.Digest(teacher) });
        return (bool)(await command.ExecuteScalarAsync(cancellation))!;
    }

    private async Task<JobView?> FindByKeyAsync(string key, string requestDigest, CancellationToken cancellation)
    {
        await using var command = _database.CreateCommand("select id, request_digest from jobs where idempotency_key = $1");
        command.Parameters.Add(new() { Value = key });
        string id;
        await using (var reader = await command.ExecuteReaderAsync(cancellation))
        {
            if (!await reader.ReadAsync(cancellation)) return null;
            id = reader.GetString(0);
            if (reader.GetString(1) != requestDigest) throw new IdempotencyConflictException(key, id);
        }
        return await JobRows.FindAsync(_database, id, cancellation);
    }
}

/// <summary>A job that can be carried out here.</summary>
/// <param name="Spec">What was asked for, with the rows of its tables counted.</param>
/// <param name="Plan">What will be done.</param>
internal sealed record CompiledJob(JobSpec Spec, Plan Plan);
