using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Runs;

namespace KdService.Trainer.Tests;

/// <summary>A run that is interrupted in any way ends as if it had not been.</summary>
[Collection(nameof(SharedTeachers))]
public sealed class ResumeTests(Teachers teachers)
{
    private static readonly string[] Weights = ["student.best.safetensors", "student.last.safetensors"];

    public static TheoryData<string, int> Kills => new()
    {
        { nameof(MidEpoch), 1 },
        { nameof(InTeacherPass), 2 },
        { nameof(InSecondStage), 3 },
        { nameof(AtTheEnd), 4 },
    };

    [Theory]
    [MemberData(nameof(Kills))]
    public void Trainer_KilledAtRandomMoments_EndsWithTheSameWeightsAndMetrics(string where, int seed)
    {
        var request = Requests.Of(new AnnealingKd { MaxTemperature = 2 }, epochs: 4) with { CheckpointSeconds = 0.02 };
        AssertSameAfter(request, (trainer, random) =>
        {
            Func<TrainerEvent, bool> moment = where switch
            {
                nameof(MidEpoch) => MidEpoch,
                nameof(InTeacherPass) => InTeacherPass,
                nameof(InSecondStage) => InSecondStage,
                _ => AtTheEnd,
            };
            if (trainer.ReadUntil(moment) is null) return false;
            Thread.Sleep(random.Next(150));
            trainer.Kill();
            return true;
        }, kills: 2, seed);
    }

    [Fact]
    public void Trainer_KilledWhileAssistantsAreTrained_EndsWithTheSameWeightsAndMetrics()
    {
        var request = Requests.Of(new Takd { Assistants = ["resnet8"], AssistantEpochs = 2 }, epochs: 2, optimizer: new AdamW()) with { CheckpointSeconds = 0.02 };
        AssertSameAfter(request, (trainer, random) =>
        {
            var checkpoints = random.Next(1, 6);
            if (trainer.ReadUntil(happened => happened is CheckpointWritten && --checkpoints == 0) is null) return false;
            trainer.Kill();
            return true;
        }, kills: 2, seed: 11);
    }

    [Fact]
    public void Trainer_StoppedOnRequestAgainAndAgain_EndsWithTheSameWeightsAndMetrics() =>
        AssertSameAfter(Requests.Of(new Kd(), epochs: 2, optimizer: new Adam()), (trainer, random) =>
        {
            if (trainer.ReadUntil(happened => happened is StageStarted or MetricsMeasured) is null) return false;
            Thread.Sleep(random.Next(150));
            trainer.Terminate();
            var exit = trainer.WaitForEnd();
            if (exit == TrainerExit.Succeeded) return false;
            Assert.Equal(TrainerExit.Stopped, exit);
            Assert.IsType<RunStopped>(trainer.Events[^1]);
            Assert.Equal(CheckpointKind.Resume, Assert.IsType<CheckpointWritten>(trainer.Events[^2]).Kind);
            return true;
        }, kills: 4, seed: 21);

    // Metrics may say a step that the latest checkpoint has not: that step is then done again.
    private static bool MidEpoch(TrainerEvent happened) => happened is CheckpointWritten { Epoch: 0, Step: > 0 };

    private static bool InTeacherPass(TrainerEvent happened) => happened is StageStarted { Index: 0 };

    private static bool InSecondStage(TrainerEvent happened) => happened is StageStarted { Index: 1 };

    private static bool AtTheEnd(TrainerEvent happened) => happened is CheckpointWritten { Stage: "labels", Epoch: 2 };

    private void AssertSameAfter(RunRequest request, Func<TrainerProcess, Random, bool> interrupt, int kills, int seed)
    {
        using var undisturbed = new WorkFolder();
        teachers.CopyTo(undisturbed);
        var (exit, whole) = undisturbed.Run(request with { CheckpointSeconds = 60 });
        using var _ = whole;
        Assert.True(exit == TrainerExit.Succeeded, whole.Log);

        using var disturbed = new WorkFolder();
        teachers.CopyTo(disturbed);
        var random = new Random(seed);
        var metrics = new SortedDictionary<(long Step, string Series), (double Value, int Epoch, string Stage)>();
        var attempts = 0;
        string? resume = null;
        for (var ended = false; !ended;)
        {
            using var trainer = disturbed.Start(request with { Attempt = ++attempts, Resume = resume });
            ended = attempts > kills || !interrupt(trainer, random);
            var code = trainer.WaitForEnd();
            Assert.True(!ended || code == TrainerExit.Succeeded, trainer.Log);
            Collect(trainer.Events, metrics);
            resume = trainer.Events.OfType<CheckpointWritten>().LastOrDefault(written => written.Kind == CheckpointKind.Resume)?.Path ?? resume;
        }

        Assert.True(attempts > 1, "the run was over before it was interrupted");
        foreach (var file in Weights) Assert.True(undisturbed.Read(file).SequenceEqual(disturbed.Read(file)), $"{file} differs after {attempts} attempts");
        var expected = new SortedDictionary<(long, string), (double, int, string)>();
        Collect(whole.Events, expected);
        Assert.Equal(expected, metrics);
    }

    // What a service does: points after the checkpoint's step are made again; none may come twice otherwise.
    private static void Collect(List<TrainerEvent> events, SortedDictionary<(long Step, string Series), (double, int, string)> metrics)
    {
        foreach (var happened in events)
        {
            if (happened is RunStarted started)
            {
                foreach (var late in metrics.Keys.Where(key => key.Step > (started.ResumedAtStep ?? 0)).ToList()) metrics.Remove(late);
            }
            else if (happened is MetricsMeasured measured)
            {
                foreach (var (series, value) in measured.Values)
                    Assert.True(metrics.TryAdd((measured.Step, series), (value, measured.Epoch, measured.Stage)), $"{series} came twice at step {measured.Step}");
            }
        }
    }
}
