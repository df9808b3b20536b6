using System.Text.Json;
using KdService.Core.Benchmarks;
using KdService.Core.Datasets;
using KdService.Core.Runs;
using KdService.Core.Schema;
using Microsoft.Extensions.Caching.Memory;
using Npgsql;

namespace KdService.Jobs.Benchmarks;

/// <summary>
/// Compares rows of a benchmark with their baselines. Results of jobs that have succeeded do not change, so neither does a comparison of
/// the same pairs: it is kept, for whoever polls a benchmark that runs.
/// </summary>
internal sealed class BenchmarkComparisons(NpgsqlDataSource database, ArtifactStore store) : IDisposable
{
    private const long MostKept = 10_000;

    private readonly MemoryCache _kept = new(new MemoryCacheOptions { SizeLimit = MostKept });

    /// <summary>Compares the rows that have pairs: jobs of equal seed that have succeeded, in the row and in its baseline.</summary>
    /// <returns>By the row's label, the comparisons of the last and of the best epoch.</returns>
    public async Task<IReadOnlyDictionary<string, RowComparison>> OfAsync(
        IReadOnlyList<BenchmarkRowKey> rows, string baseline, IReadOnlyList<BenchmarkOutcome> outcomes, CancellationToken cancellation)
    {
        var done = outcomes.Where(outcome => outcome.Student is not null).ToLookup(outcome => outcome.Row);
        var predictions = new Dictionary<string, TestAnswers?>();
        Dictionary<string, RowComparison> comparisons = [];
        foreach (var row in rows)
        {
            if (BenchmarkTable.BaselineOf(row, rows, baseline) is not { } against) continue;
            List<Pair> pairs = [.. done[row.Label].Join(done[against.Label], cell => cell.Seed, cell => cell.Seed, (cell, other) => new Pair(cell, other))];
            if (pairs.Count == 0) continue;
            var key = string.Join(' ', pairs.Select(pair => $"{pair.Row.Job} {pair.Baseline.Job}"));
            if (!_kept.TryGetValue(key, out RowComparison? comparison))
            {
                comparison = await CompareAsync(pairs, predictions, cancellation);
                _kept.Set(key, comparison, new MemoryCacheEntryOptions { Size = 1 });
                // Those of the baseline serve every row; the others are not needed again.
                foreach (var pair in pairs) predictions.Remove(pair.Row.Job!);
            }
            comparisons[row.Label] = comparison!;
        }
        return comparisons;
    }

    public void Dispose() => _kept.Dispose();

    private async Task<RowComparison> CompareAsync(List<Pair> pairs, Dictionary<string, TestAnswers?> known, CancellationToken cancellation)
    {
        async Task<TestAnswers?> Of(BenchmarkOutcome outcome) =>
            known.TryGetValue(outcome.Job!, out var kept) ? kept : known[outcome.Job!] = await ReadAsync(outcome.Job!, outcome.Student!.Best.Metric, cancellation);
        List<(TestAnswers Row, TestAnswers Baseline)> answers = [];
        foreach (var pair in pairs)
        {
            if (await Of(pair.Row) is { } row && await Of(pair.Baseline) is { } baseline && row.IsOnTheSetOf(baseline)) answers.Add((row, baseline));
        }
        // All pairs have their predictions of one test set, or none counts: a bootstrap over some of them would look like all.
        if (answers.Count < pairs.Count || !answers.All(answer => answer.Row.Samples > 0 && answer.Row.IsOnTheSetOf(answers[0].Row))) return OfSeeds(pairs);
        var samples = answers[0].Row.Samples;
        return new RowComparison(
            Comparison.OfPredictions(samples, [.. answers.Select(answer => answer.Row.GainOver(answer.Baseline, best: false))]),
            Comparison.OfPredictions(samples, [.. answers.Select(answer => answer.Row.GainOver(answer.Baseline, best: true))]));
    }

    private static RowComparison OfSeeds(List<Pair> pairs) => new(
        Comparison.OfSeeds([.. pairs.Select(pair => pair.Row.Student!.Last?.Score - pair.Baseline.Student!.Last?.Score).OfType<double>()]),
        Comparison.OfSeeds([.. pairs.Select(pair => pair.Row.Student!.Best.Score - pair.Baseline.Student!.Best.Score)]));

    /// <summary>A job's predictions of its test set; null where it left none, as jobs of earlier versions did, and those that answer questions.</summary>
    private async Task<TestAnswers?> ReadAsync(string job, ScoreMetric metric, CancellationToken cancellation)
    {
        if (metric == ScoreMetric.Pearson) return await ReadAsync<PredictedValues>(job, PredictedValues.FileName, cancellation) is { } values ? new ValueAnswers(values) : null;
        return await ReadAsync<Predictions>(job, Predictions.FileName, cancellation) is { } classes ? new ClassAnswers(classes, metric) : null;
    }

    private async Task<T?> ReadAsync<T>(string job, string artifact, CancellationToken cancellation) where T : class
    {
        await using var command = database.CreateCommand("select sha256 from artifacts where job_id = $1 and name = $2");
        command.Parameters.Add(new() { Value = job });
        command.Parameters.Add(new() { Value = artifact });
        if (await command.ExecuteScalarAsync(cancellation) is not string sha256 || store.Open(sha256) is not { } file) return null;
        await using (file) return await JsonSerializer.DeserializeAsync<T>(file, Json.Compact, cancellation);
    }

    private sealed record Pair(BenchmarkOutcome Row, BenchmarkOutcome Baseline);
}

/// <summary>A row against its baseline.</summary>
/// <param name="Last">By the last epoch's weights.</param>
/// <param name="Best">By the best epoch's weights.</param>
internal sealed record RowComparison(Comparison? Last, Comparison? Best);
