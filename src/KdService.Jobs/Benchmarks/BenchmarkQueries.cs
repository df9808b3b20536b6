using KdService.Core.Benchmarks;
using KdService.Core.Jobs;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Core.Wire;
using KdService.Jobs.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace KdService.Jobs.Benchmarks;

/// <summary>Everything that can be read of benchmarks.</summary>
public sealed class BenchmarkQueries
{
    private readonly NpgsqlDataSource _database;
    private readonly IDbContextFactory<JobsDbContext> _contexts;
    private readonly BenchmarkComparisons _comparisons;

    internal BenchmarkQueries(NpgsqlDataSource database, IDbContextFactory<JobsDbContext> contexts, BenchmarkComparisons comparisons) =>
        (_database, _contexts, _comparisons) = (database, contexts, comparisons);

    /// <summary>One benchmark with its table, its jobs and its teachers as they are now.</summary>
    /// <exception cref="BenchmarkNotFoundException">There is no such benchmark.</exception>
    public async Task<BenchmarkView> GetAsync(string id, CancellationToken cancellation)
    {
        await using var context = await _contexts.CreateDbContextAsync(cancellation);
        var benchmark = await context.Benchmarks.SingleOrDefaultAsync(row => row.Id == id, cancellation) ?? throw new BenchmarkNotFoundException(id);
        var stored = await context.BenchmarkRows.Where(row => row.BenchmarkId == id).OrderBy(row => row.Number).ToListAsync(cancellation);
        List<BenchmarkRowKey> rows = [.. stored.Select(row => new BenchmarkRowKey(row.Label, row.Method, row.Student, row.Options, row.Parameters, row.MultiplyAdds))];
        var cells = await CellsAsync(id, rows, cancellation);
        List<BenchmarkOutcome> outcomes = [.. cells.Select(cell => cell.Outcome)];
        var comparisons = await _comparisons.OfAsync(rows, benchmark.Baseline, outcomes, cancellation);
        var protocols = outcomes.Where(outcome => outcome.Student is not null).Select(outcome => outcome.Report!.Protocol).Distinct().ToList();
        return View(benchmark, [.. cells.Select(cell => (cell.Outcome.State, cell.FinishedAt))]) with
        {
            Protocol = protocols is [var protocol] ? protocol : null,
            Rows =
            [
                .. BenchmarkTable.Of(rows, outcomes).Select(row => comparisons.TryGetValue(row.Label, out var comparison)
                    ? row with { LastAgainstBaseline = comparison.Last, BestAgainstBaseline = comparison.Best }
                    : row),
            ],
            Teachers = await TeachersAsync([.. cells.Select(cell => cell.TeacherJob).OfType<string>()], cancellation),
            Cells =
            [
                .. cells.Select(cell => new BenchmarkCellView
                {
                    Row = cell.Outcome.Row,
                    Seed = cell.Outcome.Seed,
                    Job = cell.Outcome.Job,
                    Status = cell.Outcome.State,
                    Fraction = cell.Outcome.State == JobState.Succeeded ? 1 : cell.Fraction,
                    Last = cell.Outcome.Student?.Last?.Score,
                    Best = cell.Outcome.Student?.Best.Score,
                    TrainerSeconds = cell.Outcome.Student is null ? null : cell.Outcome.Report?.Seconds,
                    Failure = cell.Failure,
                }),
            ],
            Spec = benchmark.Spec,
        };
    }

    /// <summary>Benchmarks, newest first.</summary>
    /// <param name="labels">All of these labels.</param>
    /// <param name="cursor"><see cref="Page{T}.Next"/> of the page before; null for the first.</param>
    /// <param name="limit">Items of the page, from 1 to <see cref="JobQueries.MaxPage"/>.</param>
    /// <param name="cancellation">Cancels.</param>
    public async Task<Page<BenchmarkView>> ListAsync(IReadOnlyDictionary<string, string> labels, string? cursor, int limit, CancellationToken cancellation)
    {
        limit = Math.Clamp(limit, 1, JobQueries.MaxPage);
        await using var context = await _contexts.CreateDbContextAsync(cancellation);
        var all = context.Benchmarks.FromSql($"select * from benchmarks where labels @> {Json.Write(labels)}::jsonb");
        if (cursor is not null) all = all.Where(benchmark => string.Compare(benchmark.Id, cursor) < 0);
        var page = await all.OrderByDescending(benchmark => benchmark.Id).Take(limit + 1).ToListAsync(cancellation);
        var next = page.Count > limit ? page[limit - 1].Id : null;
        page = [.. page.Take(limit)];

        await using var command = _database.CreateCommand(
            "select benchmark_id, state, finished_at from benchmark_cells left join jobs on jobs.id = job_id where benchmark_id = any($1)");
        command.Parameters.Add(new() { Value = page.Select(benchmark => benchmark.Id).ToArray() });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<(string Benchmark, JobState? State, DateTimeOffset? FinishedAt)> cells = [];
        while (await reader.ReadAsync(cancellation)) cells.Add((reader.GetString(0), State(reader, 1), Moment(reader, 2)));
        var byBenchmark = cells.ToLookup(cell => cell.Benchmark, cell => (cell.State, cell.FinishedAt));
        return new([.. page.Select(benchmark => View(benchmark, [.. byBenchmark[benchmark.Id]]))], next);
    }

    /// <summary>How what networks are judged by went on the selection split, as the mean over the seeds of each row.</summary>
    public async Task<IReadOnlyList<LearningCurve>> CurvesAsync(string id, CancellationToken cancellation)
    {
        await using var command = _database.CreateCommand(
            """
            select label, step, avg(value) from benchmark_cells cell
            join benchmark_rows line on line.benchmark_id = cell.benchmark_id and line.number = row_number
            join jobs on jobs.id = job_id and state = 'succeeded'
            join metric_points point on point.job_id = jobs.id and point.name = 'selection/' || coalesce(report #>> '{models,-1,best,metric}', 'accuracy')
            -- The student's own stages: assistants and generators learn other things.
            where cell.benchmark_id = $1 and exists (
                select from jsonb_array_elements(plan -> 'stages') planned where planned ->> 'name' = point.stage and planned ->> 'trains' = plan ->> 'result')
            group by line.number, label, step order by line.number, step
            """);
        command.Parameters.Add(new() { Value = id });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<(string Row, CurvePoint Point)> points = [];
        while (await reader.ReadAsync(cancellation)) points.Add((reader.GetString(0), new CurvePoint(reader.GetInt64(1), reader.GetDouble(2))));
        return [.. points.GroupBy(point => point.Row, point => point.Point).Select(row => new LearningCurve(row.Key, [.. row]))];
    }

    private static BenchmarkView View(StoredBenchmark benchmark, List<(JobState? State, DateTimeOffset? FinishedAt)> cells)
    {
        var ended = cells.TrueForAll(cell => cell.State?.IsTerminal() ?? benchmark.CancelledAt is not null);
        return new BenchmarkView
        {
            Id = benchmark.Id,
            Name = benchmark.Name,
            Status = (benchmark.CancelledAt is not null, ended) switch
            {
                (true, true) => BenchmarkState.Cancelled,
                (true, false) => BenchmarkState.Cancelling,
                (false, true) => BenchmarkState.Finished,
                (false, false) => BenchmarkState.Running,
            },
            Labels = benchmark.Labels,
            Baseline = benchmark.Baseline,
            MaxRunning = benchmark.MaxRunning,
            CreatedAt = benchmark.CreatedAt,
            FinishedAt = ended ? cells.Max(cell => cell.FinishedAt) ?? benchmark.CancelledAt : null,
            Jobs = BenchmarkTable.Count(cells.Select(cell => cell.State)),
        };
    }

    private async Task<List<Cell>> CellsAsync(string id, List<BenchmarkRowKey> rows, CancellationToken cancellation)
    {
        await using var command = _database.CreateCommand(
            """
            select row_number, seed, job_id, state, started_at, finished_at, progress, failure, report, teacher_job_id
            from benchmark_cells left join jobs on jobs.id = job_id where benchmark_id = $1 order by number
            """);
        command.Parameters.Add(new() { Value = id });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<Cell> cells = [];
        while (await reader.ReadAsync(cancellation))
        {
            var (started, finished) = (Moment(reader, 4), Moment(reader, 5));
            cells.Add(new Cell(
                new BenchmarkOutcome(rows[reader.GetInt32(0)].Label, reader.GetInt64(1), Text(reader, 2), State(reader, 3),
                    (finished - started)?.TotalSeconds, Parse<RunReport>(reader, 8)),
                finished, Parse<Progress>(reader, 6)?.Fraction, Parse<FailureView>(reader, 7) is { } failure ? failure with { Log = null } : null, Text(reader, 9)));
        }
        return cells;
    }

    private async Task<IReadOnlyList<BenchmarkTeacherView>> TeachersAsync(List<string> ofCells, CancellationToken cancellation)
    {
        await using var command = _database.CreateCommand("select id, student, state, report from jobs where id = any($1) order by id");
        command.Parameters.Add(new() { Value = ofCells.Distinct().ToArray() });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<BenchmarkTeacherView> teachers = [];
        while (await reader.ReadAsync(cancellation))
        {
            var (id, report) = (reader.GetString(0), Parse<RunReport>(reader, 3));
            var result = report is { Models: [.., var own] } ? own : null;
            teachers.Add(new BenchmarkTeacherView
            {
                Job = id,
                Model = reader.GetString(1),
                Status = State(reader, 2)!.Value,
                Students = ofCells.Count(teacher => teacher == id),
                Metric = result?.Best.Metric,
                Last = result?.Last?.Score,
                Best = result?.Best.Score,
                Parameters = result?.Parameters,
                TrainerSeconds = report?.Seconds,
            });
        }
        return teachers;
    }

    private static JobState? State(NpgsqlDataReader reader, int column) => Text(reader, column) is { } word ? Words.Parse<JobState>(word) : null;

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static T? Parse<T>(NpgsqlDataReader reader, int column) where T : class => Text(reader, column) is { } json ? Json.Read<T>(json) : null;

    private static DateTimeOffset? Moment(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);

    private sealed record Cell(BenchmarkOutcome Outcome, DateTimeOffset? FinishedAt, double? Fraction, FailureView? Failure, string? TeacherJob);
}

/// <summary>How a row's networks were judged on the selection split over the steps of its jobs.</summary>
/// <param name="Row">The row's label.</param>
/// <param name="Points">In the order of their steps.</param>
public sealed record LearningCurve(string Row, IReadOnlyList<CurvePoint> Points);

/// <summary>A point of a learning curve.</summary>
/// <param name="Step">Optimiser step of the whole job.</param>
/// <param name="Score">Mean over seeds of the metric that the task is judged by.</param>
public sealed record CurvePoint(long Step, double Score);
