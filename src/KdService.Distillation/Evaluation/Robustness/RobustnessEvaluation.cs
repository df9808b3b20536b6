using System.Diagnostics;
using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Plans.Robustness;
using KdService.Core.Runs;
using KdService.Distillation.Data;
using KdService.Distillation.Models.Text;
using KdService.Distillation.Training;
using static TorchSharp.torch;

namespace KdService.Distillation.Evaluation.Robustness;

/// <summary>Evaluates a trained network beyond the test set as it is, as the plan's evaluation asks.</summary>
/// <param name="run">The run.</param>
/// <param name="network">The network, with its weights.</param>
/// <param name="evaluations">Knows the teacher's answers.</param>
internal sealed class RobustnessEvaluation(RunContext run, nn.Module<Tensor, Tensor> network, Evaluations evaluations)
{
    private const int BatchSize = 100;

    /// <summary>What came of it.</summary>
    /// <exception cref="OperationCanceledException">The run is to stop.</exception>
    public RobustnessReport Report()
    {
        var asked = run.Plan.Evaluation;
        var wasTraining = network.training;
        network.eval();
        var report = new RobustnessReport
        {
            Attacks = [.. asked.Attacks.Select(Attacked)],
            Corruptions = asked.Corruptions is { } corruptions ? Corrupted(corruptions) : null,
            AlsoOn = [.. run.Data.AlsoOn.Select(other => EvaluatedOn(other.Data, other.Samples))],
        };
        network.train(wasTraining);
        return report;
    }

    private AttackReport Attacked(Attack attack) => attack switch
    {
        PictureAttack pictures when run.Plan.Dataset is PictureDataset dataset => Attacked(pictures, dataset),
        TextAttack texts when (run.Dataset, network) is (TextDataset dataset, TextNetwork reader) => Attacked(texts, dataset, reader),
        _ => throw new RunException(FailureCode.InvalidPlan, $"attacks: {attack.Label} given; this trainer has no such attack"),
    };

    private AttackReport Attacked(PictureAttack attack, PictureDataset dataset)
    {
        var test = run.Data.Test;
        var tally = new AttackTally();
        using var attacker = new PictureAttacker(attack, dataset, network, run.Device, run.Stop.ThrowIfCancellationRequested);
        foreach (var batch in test.Some(attack.Samples).Chunk(BatchSize))
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

    private AttackReport Attacked(TextAttack attack, TextDataset dataset, TextNetwork reader)
    {
        var test = run.Data.Test;
        var texts = ((TokenSet)test.Set).Texts!;
        var tally = new AttackTally();
        var victim = new TextVictim(reader, dataset, Tokenizers.Of(dataset, run.Request.DataRoot), run.Device, run.Stop.ThrowIfCancellationRequested);
        using var flipper = attack is HotFlip flips ? new WordFlipper(flips, victim) : null;
        foreach (var index in test.Some(attack.Samples))
        {
            var began = Stopwatch.GetTimestamp();
            var (text, label) = (victim.Read(texts[index]), test.Set.Labels[index]);
            var clean = victim.Ask([TokenSet.Segmented(text.Encoded)], label)[0];
            if (clean.Top != label) tally.Skip(clean.Top);
            else
            {
                var seed = (long)new SeededRandom(run.Plan.Seed, index).Next();
                var outcome = flipper?.Attack(text, label) ?? new Misspeller((CharacterAttack)attack, victim).Attack(text, label, clean.Loss, seed);
                var changed = text.Words.Count == 0 ? 0 : (double)outcome.Written.Count / text.Words.Count;
                tally.Add(clean.Top, !outcome.Fooled, outcome.Queries, changed, changed, outcome.HasGradient);
                if (outcome.Fooled) tally.Show(new AttackedText(text.Texts, text.With(outcome.Written), dataset.LabelNames[label], dataset.LabelNames[outcome.Top]));
            }
            run.Progress.Worked(WorkItems.Attack(attack), 1, Stopwatch.GetElapsedTime(began).TotalSeconds, attack.Label);
        }
        return tally.Report(attack);
    }

    private OtherDataReport EvaluatedOn(OtherData other, Samples samples)
    {
        using var scope = NewDisposeScope();
        var teacher = evaluations.Reference(samples);
        var logits = Evaluations.Logits(run, network, samples, (count, seconds) => run.Progress.Worked(WorkItems.Other(other), count, seconds, WorkItems.Other(other)));
        return new OtherDataReport
        {
            Dataset = other.Dataset.Title,
            Result = evaluations.Evaluate(samples, logits, teacher, other),
            Teacher = teacher is null ? null : evaluations.Evaluate(samples, teacher, reference: null, other),
        };
    }

    private CorruptionsReport Corrupted(Corruptions asked)
    {
        var test = run.Data.Test;
        var indices = test.Some(asked.Samples);
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
