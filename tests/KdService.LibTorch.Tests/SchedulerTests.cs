using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;
using static TorchSharp.torch.optim.lr_scheduler;

namespace KdService.LibTorch.Tests;

public sealed class SchedulerTests
{
    private static readonly Fixture Expected = Fixture.Load("schedules");

    private static readonly Dictionary<string, Func<Optimizer, LRScheduler>> Schedulers = new()
    {
        ["step"] = o => StepLR(o, 3, 0.5),
        ["multi_step"] = o => MultiStepLR(o, [2, 5, 5, 9], 0.1),
        ["cosine"] = o => CosineAnnealingLR(o, 5, 0.01),
        ["lambda"] = o => LambdaLR(o, epoch => Math.Pow(0.95, epoch)),
        ["exponential"] = o => ExponentialLR(o, 0.9),
        ["constant"] = o => ConstantLR(o, 0.25, 4),
        ["linear"] = o => LinearLR(o, 0.1, 1.0, 6),
        ["one_cycle"] = o => OneCycleLR(o, 0.5, total_steps: 12),
        ["one_cycle_linear"] = o => OneCycleLR(o, 0.5, total_steps: 12, anneal_strategy: impl.OneCycleLR.AnnealStrategy.Linear, three_phase: true),
        ["sequential"] = o => SequentialLR(o, [LinearLR(o, 0.1, 1.0, 4), CosineAnnealingLR(o, 8)], [4]),
    };

    public static TheoryData<string> Names => [.. Schedulers.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Scheduler_OverElevenEpochs_SetsPyTorchsRates(string name)
    {
        using var parameter = new Parameter(zeros(1));
        using var optimizer = SGD([parameter], 0.4, momentum: 0.9);
        var group = (SGD.ParamGroup)optimizer.ParamGroups.Single();
        var scheduler = Schedulers[name](optimizer);
        List<double> rates = [], momenta = [];
        for (var i = 0; i < 11; i++)
        {
            rates.Add(group.LearningRate);
            momenta.Add(group.Momentum);
            Assert.Equal(group.LearningRate, scheduler.get_last_lr().Single());
            scheduler.step();
        }
        Fixture.AssertClose(Expected.Numbers(name), [.. rates], 1e-9, name);
        if (Expected.Has($"{name}.momentum")) Fixture.AssertClose(Expected.Numbers($"{name}.momentum"), [.. momenta], 1e-9, name);
    }

    [Theory]
    [InlineData("step")]
    [InlineData("multi_step")]
    [InlineData("cosine")]
    [InlineData("lambda")]
    public void Scheduler_SetToAnEpoch_HasTheRateItWouldHaveWalkedTo(string name)
    {
        using var parameter = new Parameter(zeros(1));
        using var optimizer = SGD([parameter], 0.4);
        var scheduler = Schedulers[name](optimizer);
        foreach (var epoch in new[] { 7, 3, 0, 10 })
        {
            scheduler.step(epoch);
            Assert.Equal(Expected.Numbers(name)[epoch], optimizer.ParamGroups.Single().LearningRate, 1e-9);
        }
    }

    [Fact]
    public void Sequence_OfForeignSchedulers_IsRefused()
    {
        using var parameter = new Parameter(zeros(1));
        using var one = SGD([parameter], 0.4);
        using var other = SGD([parameter], 0.4);
        Assert.Throws<ArgumentException>(() => SequentialLR(one, [StepLR(one, 1), StepLR(other, 1)], [2]));
        Assert.Throws<ArgumentException>(() => SequentialLR(one, [StepLR(one, 1), StepLR(one, 1)], [2, 3]));
    }
}
