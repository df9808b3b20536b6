using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Distillation.Weights;

namespace KdService.Distillation.Tests.Training;

public sealed class TrainingRunTests
{
    [Fact]
    public void SecondStage_ThatHardlyMoves_EndsWithTheBestWeightsOfTheFirst()
    {
        var plan = RecordedRun.Plan(new AnnealingKd { MaxTemperature = 2 }, epochs: 6, new Sgd { LearningRate = 1e-3 });
        // A rate that is lost in rounding: the weights stay as the stage got them; running statistics still move.
        plan = plan with { Stages = [plan.Stages[0], plan.Stages[1] with { Optimizer = new Sgd { LearningRate = 1e-38, WeightDecay = 0 } }] };
        using var folder = new TemporaryFolder();
        var accuracies = new List<double>();
        RecordedRun.Of(plan with { CheckpointEveryEpochs = 1 }, folder.Path, happened =>
        {
            if (happened is MetricsMeasured { Stage: "annealing" } measured && measured.Values.TryGetValue("selection/accuracy", out var accuracy)) accuracies.Add(accuracy);
        });
        // The earliest of equally good epochs.
        var best = accuracies.IndexOf(accuracies.Max()) + 1;
        var (first, _) = Safetensors.Read(Path.Combine(folder.Path, $"student.annealing.epoch-{best:D4}.safetensors"));
        var (last, _) = Safetensors.Read(Path.Combine(folder.Path, "student.last.safetensors"));
        foreach (var (name, tensor) in first.Where(entry => entry.Key.EndsWith(".weight", StringComparison.Ordinal) || entry.Key.EndsWith(".bias", StringComparison.Ordinal)))
            Assert.True(tensor.bytes.SequenceEqual(last[name].bytes), name);
    }

    [Fact]
    public void LearningRate_OfEveryStep_IsThePlans()
    {
        var plan = RecordedRun.Plan(new None(), epochs: 4, change: spec => spec with
        {
            Training = spec.Training with { BatchSize = 8, Schedule = new Cosine { WarmupEpochs = 1 } },
        });
        using var folder = new TemporaryFolder();
        var stage = plan.Stages[0];
        var told = 0;
        RecordedRun.Of(plan, folder.Path, happened =>
        {
            if (happened is not MetricsMeasured measured) return;
            told++;
            Assert.Equal(stage.Optimizer.LearningRate * stage.Schedule.Factor(measured.Step - 1, plan.StepsPerEpoch(stage), stage.Epochs), measured.Values["train/learning_rate"]);
        });
        // 18 steps an epoch: one point within, one at the end.
        Assert.Equal(8, told);
    }

    [Fact]
    public void Teacher_LiveOrKept_TeachesTheSame()
    {
        using var folder = new TemporaryFolder();
        double Loss(TeacherSignal signal)
        {
            var loss = double.NaN;
            Assert.True(RecordedRun.Of(RecordedRun.Plan(new Kd(), epochs: 3) with { TeacherSignal = signal }, folder.Path, happened =>
            {
                if (happened is MetricsMeasured measured && measured.Values.TryGetValue("train/epoch_loss", out var value)) loss = value;
            }));
            return loss;
        }
        Assert.Equal(Loss(TeacherSignal.Live), Loss(TeacherSignal.Cached), 1e-4);
    }

    [Fact]
    public void Report_OfAKeptSignal_SaysWhatItSaved()
    {
        using var folder = new TemporaryFolder();
        RunReport? report = null;
        RecordedRun.Of(RecordedRun.Plan(new Kd(), epochs: 5), folder.Path, happened => report = (happened as RunFinished)?.Report ?? report);
        var signal = Assert.Single(report!.TeacherSignals);
        Assert.Equal((TeacherSignal.Cached, 2, 2.0, 5.0), (signal.Signal, signal.Views, signal.PassesMade, signal.PassesLive));
        // Three passes more, at the pace of the two, each of which counts as often as its view was shown.
        Assert.InRange(signal.SecondsSaved, signal.Seconds, signal.Seconds * 2);
        Assert.Equal(["teacher", "student"], report.Models.Select(model => model.Id));
        Assert.All(report.Models.Skip(1), model => Assert.NotNull(model.Best.Agreement));
    }
}
