using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KdService.Core;
using KdService.Core.Architectures;
using KdService.Core.Benchmarks;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Core.Wire;
using KdService.Jobs.Persistence;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdService.Jobs.Benchmarks;

/// <summary>Takes benchmarks in. Their jobs are submitted by <see cref="BenchmarkDriver"/>, on whatever node.</summary>
public sealed class BenchmarkSubmission
{
    private readonly NpgsqlDataSource _database;
    private readonly JobSubmission _jobs;
    private readonly BenchmarkQueries _queries;
    private readonly ILogger _log;

    internal BenchmarkSubmission(NpgsqlDataSource database, JobSubmission jobs, BenchmarkQueries queries, ILogger<BenchmarkSubmission> log) =>
        (_database, _jobs, _queries, _log) = (database, jobs, queries, log);

    /// <summary>Submits a benchmark. It and all of its cells become durable together; their jobs follow.</summary>
    /// <param name="plan">A benchmark that <see cref="BenchmarkExpansion"/> has passed.</param>
    /// <param name="idempotencyKey">The same key and benchmark, however often, is one benchmark; null submits anew each time.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>The benchmark, and whether this call created it.</returns>
    /// <exception cref="InvalidDocumentException">A cell cannot be carried out here; carries every problem.</exception>
    /// <exception cref="IdempotencyConflictException">The key came with another benchmark before.</exception>
    public async Task<(BenchmarkView Benchmark, bool Created)> SubmitAsync(BenchmarkPlan plan, string? idempotencyKey, CancellationToken cancellation)
    {
        var digest = Digest(plan);
        // A request repeated after its data set went away is still the benchmark that the first one made.
        if (idempotencyKey is not null && await FindByKeyAsync(idempotencyKey, digest, cancellation) is { } earlier) return (earlier, false);
        plan = Counted(plan, await CompileAsync(plan, cancellation));

        var id = SortableId.New();
        if (!await InsertAsync(id, plan, idempotencyKey, digest, cancellation))
        {
            return (await FindByKeyAsync(idempotencyKey!, digest, cancellation)
                ?? throw new InvalidOperationException($"the insert of a benchmark under key {idempotencyKey} met one that is not there"), false);
        }
        _log.LogInformation("Benchmark {BenchmarkId} was submitted: {Name}, {Rows} rows, {Seeds} seeds", id, plan.Spec.Name, plan.Rows.Count, plan.Seeds.Count);
        return (await _queries.GetAsync(id, cancellation), true);
    }

    /// <summary>Says what a benchmark would become, without submitting it.</summary>
    /// <exception cref="InvalidDocumentException">A cell cannot be carried out here; carries every problem.</exception>
    public async Task<BenchmarkValidationView> ValidateAsync(BenchmarkPlan plan, CancellationToken cancellation)
    {
        var compiled = await CompileAsync(plan, cancellation);
        plan = Counted(plan, compiled);
        List<BenchmarkRowPlan> rows = [.. plan.Rows.Zip(compiled, (row, job) => new BenchmarkRowPlan(row.Label, row.Spec, _jobs.EstimateOf(row.Spec, job.Plan)))];
        List<BenchmarkTeacherPlan> teachers = [];
        foreach (var shared in plan.Rows.Where(row => row.Spec.Teacher?.Model is not null).Select(row => TeacherRecipe.JobFor(row.Spec)).GroupBy(TeacherRecipe.Digest))
        {
            var teacher = shared.First();
            if (await _jobs.HasSucceededAsync(teacher, cancellation)) continue;
            teachers.Add(new BenchmarkTeacherPlan(teacher.Student.Model, teacher.Seed, shared.Count() * plan.Seeds.Count, await _jobs.EstimateOfTeacherAsync(teacher, cancellation)));
        }
        List<Estimate> all = [.. rows.SelectMany(row => Enumerable.Repeat(row.Estimate, plan.Seeds.Count)), .. teachers.Select(teacher => teacher.Estimate)];
        return new BenchmarkValidationView
        {
            Rows = rows,
            Seeds = plan.Seeds,
            Jobs = rows.Count * plan.Seeds.Count,
            Baseline = plan.Baseline,
            Teachers = teachers,
            Estimate = new Estimate
            {
                Seconds = all.Sum(each => each.Seconds),
                Threads = all.Max(each => each.Threads),
                MemoryBytes = all.Max(each => each.MemoryBytes),
                DiskBytes = all.Sum(each => each.DiskBytes),
                Steps = all.Sum(each => each.Steps),
            },
        };
    }

    /// <summary>The job of each row; what is wrong is named by its place in the benchmark's document, once.</summary>
    /// <exception cref="InvalidDocumentException">A cell cannot be carried out here; carries every problem.</exception>
    internal async Task<List<CompiledJob>> CompileAsync(BenchmarkPlan plan, CancellationToken cancellation)
    {
        List<CompiledJob> jobs = [];
        HashSet<Problem> found = [];
        foreach (var row in plan.Rows)
        {
            var problems = new ProblemList();
            if (await _jobs.CompileAsync(row.Spec, problems, cancellation) is { } job) jobs.Add(job);
            foreach (var problem in problems.Items) found.Add(problem with { Pointer = row.PlaceOf(problem.Pointer) });
        }
        return found.Count == 0 ? jobs : throw new InvalidDocumentException([.. found.Take(ProblemList.Most)]);
    }

    // One count for the whole benchmark, whatever becomes of the tables while it runs.
    private static BenchmarkPlan Counted(BenchmarkPlan plan, IReadOnlyList<CompiledJob> jobs) =>
        plan with { Rows = [.. plan.Rows.Zip(jobs, (row, job) => row with { Spec = job.Spec })] };

    /// <summary>Two documents that ask for the same, however they are spaced or ordered, are the same request.</summary>
    private static string Digest(BenchmarkPlan plan)
    {
        var request = new
        {
            plan.Spec.Name,
            plan.Spec.Labels,
            plan.Spec.MaxRunning,
            plan.Baseline,
            Cells = plan.Cells.Select(cell => new { cell.Row.Label, cell.Spec }).ToList(),
        };
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Json.Write(request))));
    }

    private async Task<bool> InsertAsync(string id, BenchmarkPlan plan, string? key, string digest, CancellationToken cancellation)
    {
        await using var connection = await _database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await using (var benchmark = new NpgsqlCommand(
            """
            insert into benchmarks (id, name, labels, spec, baseline, max_running, idempotency_key, request_digest, created_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, now()) on conflict do nothing
            """, connection)
        {
            Parameters =
            {
                new() { Value = id },
                new() { Value = plan.Spec.Name },
                JobRows.Document(plan.Spec.Labels),
                JobRows.Document(plan.Spec),
                new() { Value = plan.Baseline },
                new() { NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Integer, Value = (object?)plan.Spec.MaxRunning ?? DBNull.Value },
                JobRows.Text(key),
                new() { Value = digest },
            },
        })
        {
            if (await benchmark.ExecuteNonQueryAsync(cancellation) == 0) return false;
        }
        // As documents of one statement each: a benchmark may have thousands of cells.
        await WriteAsync(connection,
            """
            insert into benchmark_rows select $1, number, label, method, student, options, parameters, multiply_adds
            from jsonb_to_recordset($2) as row (number int, label text, method text, student text, options jsonb, parameters bigint, multiply_adds bigint)
            """, id, plan.Rows.Select((row, number) => Describe(number, row)), cancellation);
        var numbers = plan.Rows.Index().ToDictionary(row => row.Item.Label, row => row.Index);
        await WriteAsync(connection,
            """
            insert into benchmark_cells select $1, number, row, seed, spec from jsonb_to_recordset($2) as cell (number int, row int, seed bigint, spec jsonb)
            """, id, plan.Cells.Select((cell, number) => new { Number = number, Row = numbers[cell.Row.Label], cell.Seed, Spec = Labelled(cell, id) }), cancellation);
        await using (var tell = new NpgsqlCommand($"select pg_notify('{JobEvents.Channel}', '{JobEvents.TurnTopic}')", connection)) await tell.ExecuteNonQueryAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }

    private static object Describe(int number, BenchmarkRow row)
    {
        var (network, shape) = (ArchitectureCatalogue.Find(row.Student)!, row.Spec.Dataset.Shape);
        return new
        {
            Number = number,
            row.Label,
            row.Method,
            row.Student,
            Options = row.Options.ToDictionary(option => option.Key, option => JsonSerializer.Deserialize<JsonElement>(option.Value)),
            Parameters = network.Parameters(shape),
            MultiplyAdds = network.MultiplyAdds(shape),
        };
    }

    private static JobSpec Labelled(BenchmarkCell cell, string id) => cell.Spec with
    {
        Labels = new(cell.Spec.Labels) { [BenchmarkExpansion.BenchmarkLabel] = id, [BenchmarkExpansion.RowLabel] = cell.Row.Label },
    };

    private static async Task WriteAsync<T>(NpgsqlConnection connection, string sql, string id, IEnumerable<T> documents, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = id }, JobRows.Document(documents.ToList()) } };
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private async Task<BenchmarkView?> FindByKeyAsync(string key, string digest, CancellationToken cancellation)
    {
        await using var command = _database.CreateCommand("select id, request_digest from benchmarks where idempotency_key = $1");
        command.Parameters.Add(new() { Value = key });
        string id;
        await using (var reader = await command.ExecuteReaderAsync(cancellation))
        {
            if (!await reader.ReadAsync(cancellation)) return null;
            id = reader.GetString(0);
            if (reader.GetString(1) != digest) throw new IdempotencyConflictException(key, id, "benchmark");
        }
        return await _queries.GetAsync(id, cancellation);
    }
}
