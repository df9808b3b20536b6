using KdService.Core.Datasets;
using KdService.Core.Plans;

namespace KdService.Core.Specs;

/// <summary>What a plan will cost, from the networks' arithmetic; a guide, not a promise.</summary>
public sealed record Estimate
{
    /// <summary>Multiply-accumulates per second and thread that CPU training reaches on small convolutions; the spread across machines is a factor of two.</summary>
    private const double MultiplyAddsPerSecond = 3e10;

    /// <summary>The trainer's own memory: runtime, libtorch, its work space.</summary>
    private const long BaseMemory = 300L << 20;

    /// <summary>Seconds of training and evaluation on <see cref="Threads"/> CPU threads.</summary>
    public required double Seconds { get; init; }

    /// <summary>The threads the time is for.</summary>
    public required int Threads { get; init; }

    /// <summary>Peak resident memory, in bytes.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Checkpoints, artifacts and kept logits of teachers, in bytes.</summary>
    public required long DiskBytes { get; init; }

    /// <summary>Optimiser steps of all stages.</summary>
    public required long Steps { get; init; }

    /// <summary>Estimates a plan; its teacher's own training is another job.</summary>
    public static Estimate Of(Plan plan, int threads)
    {
        var shape = plan.Dataset.Shape;
        double work = 0;
        long memory = 0, learned = 0, keptLogits = 0;
        foreach (var stage in plan.Stages)
        {
            var trained = plan.MultiplyAdds(stage.Trains) + stage.Peers.Sum(peer => plan.MultiplyAdds(peer.Trains));
            // Backward costs about twice forward; evaluation is one more forward over the selection split.
            work += (3.0 * trained + (stage.Augmenter?.MultiplyAdds(plan, stage) ?? 0)) * plan.TrainSamples * stage.Epochs;
            work += trained * plan.Dataset.SamplesPerExample * plan.Evaluation.HoldoutSamples(plan.Dataset) * stage.Epochs / plan.Evaluation.EveryEpochs;
            var own = SizeOfLosses(plan, stage);
            // An activation of 4 bytes per multiply-add of a 3x3 convolution's output channel, kept for backward.
            var held = 4L * stage.BatchSize * trained / 100 + sizeof(float) * (own.Values + GuessesHeld(plan, stage));
            if (stage.Curriculum is { } curriculum)
            {
                var passes = Showing.TeacherPasses(plan, stage);
                work += 1.0 * curriculum.Sources.Sum(source => plan.MultiplyAdds(source)) * plan.TrainSamples * passes;
                if (Showing.SignalOf(plan, stage) == TeacherSignal.Cached)
                {
                    // All showings lie on disk, the one of the epoch in memory.
                    var showing = sizeof(float) * (long)plan.TrainSamples * shape.Outputs * curriculum.Sources.Count();
                    keptLogits += showing * passes;
                    held += showing;
                }
            }
            memory = Math.Max(memory, held);
            learned = Math.Max(learned, sizeof(float) * own.Parameters);
        }
        work += RobustnessWork(plan);
        var data = (long)((plan.Dataset.UsedTrainSize + plan.Dataset.TestSize) * plan.Dataset.SamplesPerExample) * shape.Values * plan.Dataset.BytesPerValue;
        var weights = plan.Models.Sum(model => model.Parameters) * sizeof(float);
        var everyEpoch = plan.CheckpointEveryEpochs is { } every ? plan.Stages.Sum(stage => stage.Epochs / every) : 0;
        return new Estimate
        {
            // Two threads on a shared machine give 1.7 times one; the same exponent is assumed for more.
            Seconds = work / (MultiplyAddsPerSecond * Math.Pow(threads, 0.77)),
            Threads = threads,
            MemoryBytes = BaseMemory + data + memory + 4 * (weights + learned),
            DiskBytes = weights * (6 + everyEpoch) + keptLogits,
            Steps = plan.TotalSteps,
        };
    }

    // What a generator says of hidden tokens, a number for every word of the vocabulary: some copies at once, by measurement, of texts as long as they may be. It is judged
    // on larger batches than it is trained on.
    private static long GuessesHeld(Plan plan, Stage stage)
    {
        const int JudgedAtOnce = 250, CopiesJudged = 2, CopiesTrained = 8;
        var guesses = (double)plan.Dataset.Shape.Width * plan.Dataset.Shape.Vocabulary;
        if (stage.Augmenter is MaskedGenerator generator) return (long)(CopiesTrained * generator.MaskProbability * stage.BatchSize * guesses);
        return stage.Losses is [{ Objective: MaskedTokens words }] ? (long)(CopiesJudged * words.MaskProbability * JudgedAtOnce * guesses) : 0;
    }

    private static (long Parameters, long Values) SizeOfLosses(Plan plan, Stage stage)
    {
        if (stage.Curriculum is not { } curriculum) return default;
        var (student, teacher) = (plan.Network(stage.Trains), plan.Network(curriculum.Source));
        var sizes = stage.Losses.Select(term => term.Objective).Select(objective => objective.SizeOf(
            [.. objective.TapsOf(student, teacher, plan.Dataset).Select(pair => (student.FindTap(pair.Student, plan.Dataset)!, teacher.FindTap(pair.Teacher, plan.Dataset)!))],
            plan.TrainSamples, stage.BatchSize)).ToList();
        return (sizes.Sum(size => size.Parameters), sizes.Sum(size => size.Values));
    }

    private static double RobustnessWork(Plan plan)
    {
        var shape = plan.Dataset.Shape;
        var test = plan.Dataset.TestSize;
        var passes = plan.Evaluation.Attacks.Sum(attack => attack.PassesPerSample(shape) * Math.Min(test, attack.Samples));
        if (plan.Evaluation.Corruptions is { } corruptions) passes += corruptions.Kinds.Count * corruptions.Severities.Count * Math.Min(test, corruptions.Samples);
        var work = passes * plan.MultiplyAdds(plan.Result);
        foreach (var other in plan.Evaluation.AlsoOn)
            work += other.Size * other.For(plan.Dataset).SamplesPerExample * (plan.MultiplyAdds(plan.Result) + (plan.Teacher is { } teacher ? plan.MultiplyAdds(teacher.Id) : 0));
        if (plan.Evaluation.Submission && plan.Dataset is Glue glue) work += glue.Submission.Sum(part => (double)part.Examples) * plan.MultiplyAdds(plan.Result);
        return work;
    }
}
