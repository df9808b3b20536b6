using KdService.Core.Methods;
using KdService.Core.Runs;

namespace KdService.Trainer.Tests;

/// <summary>Kept teacher logits serve later jobs of the node, and damaged ones harm none.</summary>
[Collection(nameof(SharedTeachers))]
public sealed class SignalCacheTests(Teachers teachers)
{
    [Fact]
    public void Jobs_OfOtherSeedsAndMethods_ShareKeptLogits()
    {
        using var cache = new WorkFolder();
        Assert.Equal(2, Run(cache, new Kd(), seed: 1).Report.TeacherSignals[0].PassesMade);
        var second = Run(cache, new AnnealingKd { MaxTemperature = 2, AnnealingEpochs = 3 }, seed: 2).Report.TeacherSignals[0];
        Assert.Equal(0, second.PassesMade);
        Assert.True(second.SecondsSaved > 0, "the pace of the job that kept the logits says what they saved");
    }

    [Fact]
    public async Task Jobs_AtOnce_ComputeEachPartOnceBetweenThem()
    {
        using var cache = new WorkFolder();
        var runs = await Task.WhenAll(Enumerable.Range(1, 2).Select(seed => Task.Run(() => Run(cache, new Kd(), seed))));
        Assert.Equal(2, runs.Sum(run => run.Report.TeacherSignals[0].PassesMade));
        Assert.DoesNotContain(cache.Files, file => file.EndsWith(".lock", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(60)]
    public void Trainer_WithDamagedKeptLogits_ComputesThemAgain(int damagedByte)
    {
        using var cache = new WorkFolder();
        var intact = Run(cache, new Kd(), seed: 1);
        foreach (var file in cache.Files)
        {
            var bytes = cache.Read(file);
            if (damagedByte < 0) bytes = bytes[..^100];
            else bytes[^damagedByte] ^= 1;
            File.WriteAllBytes(cache[file], bytes);
        }
        var again = Run(cache, new Kd(), seed: 1);
        Assert.Equal(2, again.Report.TeacherSignals[0].PassesMade);
        Assert.True(intact.Weights.SequenceEqual(again.Weights));
        Assert.Contains("computing", again.Log, StringComparison.Ordinal);
    }

    private (RunReport Report, byte[] Weights, string Log) Run(WorkFolder cache, Method method, long seed)
    {
        using var folder = new WorkFolder();
        teachers.CopyTo(folder);
        var request = Requests.Of(method, epochs: 4);
        request = request with
        {
            SignalCache = cache.ToString(),
            Plan = request.Plan with { Seed = seed, Models = [.. request.Plan.Models.Select(model => model.Seed is null ? model : model with { Seed = seed })] },
        };
        var (exit, trainer) = folder.Run(request);
        using (trainer)
        {
            Assert.True(exit == TrainerExit.Succeeded, trainer.Log);
            return (((RunFinished)trainer.Events[^1]).Report, folder.Read("student.last.safetensors"), trainer.Log);
        }
    }
}
