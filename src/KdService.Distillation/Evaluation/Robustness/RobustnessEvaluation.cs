using System.Diagnostics;
using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Plans.Robustness;
using KdService.Core.Runs;
using KdService.Distillation.Data;
using KdService.Distillation.Training;
using static TorchSharp.torch;

namespace KdService.Distillation.Evaluation.Robustness;

/// <summary>Evaluates a trained network beyond the test set as it is, as the plan's evaluation asks.</summary>
/// <param name="run">The run.</param>
/// <param name="network">The network, with its weights.</param>
internal sealed class RobustnessEvaluation(RunContext run, nn.Module<Tensor, Tensor> network)
{
    private const int BatchSize = 100;

    /// <summary>What came of it; null where nothing is asked.</summary>
    /// <exception cref="OperationCanceledException">The run is to stop.</exception>
    public RobustnessReport? Report()
    {
        var asked = run.Plan.Evaluation;
        if (asked is { Attacks: [], Corruptions: null }) return null;
        var wasTraining = network.training;
        network.eval();
        var report = new RobustnessReport
        {
            Attacks = [.. asked.Attacks.Select(Attacked)],
            Corruptions = asked.Corruptions is { } corruptions ? Corrupted(corruptions) : null,
        };
        network.train(wasTraining);
        return report;
    }

    private AttackReport Attacked(Attack attack) => attack switch
    {
        PictureAttack pictures when run.Plan.Dataset is PictureDataset dataset => Attacked(pictures, dataset),
        _ => throw new RunException(FailureCode.InvalidPlan, $"attacks: {attack.Label} given; this trainer has no such attack"),
    };

    private AttackReport Attacked(PictureAttack attack, PictureDataset dataset)
    {
        var test = run.Data.Test;
        var tally = new AttackTally();
        using var attacker = new PictureAttacker(attack, dataset, network, run.Device, run.Stop.ThrowIfCancellationRequested);
        foreach (var batch in test.Indices.Take(attack.Samples).Chunk(BatchSize))
        {
            using var scope = NewDisposeScope();
            var began = Stopwatch.GetTimestamp();
            // Each picture's start is its own, whatever else is attacked.
            long[] seeds = [.. batch.Select(index => (long)new SeededRandom(run.Plan.Seed, index).Next())];
            attacker.Attack(attacker.Pixels(test.Load(batch, view: null)), test.Batches.Labels(batch), seeds, tally);
            run.Progress.Worked(WorkItems.Attack(attack), batch.Length, Stopwatch.GetElapsedTime(began).TotalSeconds, attack.Label);
        }
        return tally.Report(attack);
    }

    private CorruptionsReport Corrupted(Corruptions asked)
    {
        var test = run.Data.Test;
        int[] indices = [.. test.Indices.Take(asked.Samples)];
        var pictures = (ImageSet)test.Set;
        var clean = Evaluated(pictures, indices, "clean test pictures");
        List<CorruptionReport> each = [];
        foreach (var corruption in asked.Kinds)
        {
            foreach (var severity in asked.Severities)
            {
                var result = Evaluated(Corrupt(pictures, indices, corruption, severity), [.. Enumerable.Range(0, indices.Length)], $"{corruption} {severity}");
                each.Add(new CorruptionReport(corruption, severity, result.Accuracy!.Value, result.Nll!.Value, result.Ece!.Value));
            }
        }
        return new CorruptionsReport
        {
            Samples = indices.Length,
            Clean = clean.Accuracy!.Value,
            Accuracy = each.Average(result => result.Accuracy),
            Ece = each.Average(result => result.Ece),
            Each = each,
        };
    }

    private EvaluationResult Evaluated(ImageSet pictures, int[] indices, string activity)
    {
        using var scope = NewDisposeScope();
        var logits = Evaluator.Logits(network, new SampleBatches(pictures, run.Plan.Dataset, run.Device), indices, BatchSize, (count, seconds) =>
        {
            run.Stop.ThrowIfCancellationRequested();
            run.Progress.Worked(WorkItems.Corruptions, count, seconds, activity);
        });
        return Evaluator.Evaluate(logits, [.. indices.Select(index => pictures.Labels[index])], null, run.Plan.Evaluation.CalibrationBins);
    }

    private ImageSet Corrupt(ImageSet pictures, int[] indices, Corruption corruption, int severity)
    {
        var (size, shape) = (pictures.Shape.Values, pictures.Shape);
        var corrupted = new byte[indices.Length * size];
        var corruptor = new Corruptor(corruption, severity, shape.Height, shape.Width);
        for (var i = 0; i < indices.Length; i++)
        {
            run.Stop.ThrowIfCancellationRequested();
            // One set of corrupted pictures for all networks and seeds, so that their accuracies compare.
            var random = new SeededRandom(Core.Plans.Plan.DataSeed, (long)corruption, severity, indices[i]);
            corruptor.Write(pictures.Pixels.AsSpan(indices[i] * size, size), corrupted.AsSpan(i * size, size), random);
        }
        return new ImageSet(corrupted, [.. indices.Select(index => pictures.Labels[index])], shape);
    }
}
