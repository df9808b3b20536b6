using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.LibTorch.Tests;

public sealed class OptimizerTests
{
    private static readonly Fixture Expected = Fixture.Load("trajectories");

    private static readonly Dictionary<string, Func<IEnumerable<Parameter>, OptimizerHelper>> Optimizers = new()
    {
        ["sgd"] = p => optim.SGD(p, 0.1),
        ["sgd_momentum"] = p => optim.SGD(p, 0.1, momentum: 0.9, weight_decay: 0.01),
        ["sgd_nesterov"] = p => optim.SGD(p, 0.1, momentum: 0.9, nesterov: true),
        ["sgd_dampened"] = p => optim.SGD(p, 0.1, momentum: 0.8, dampening: 0.3, maximize: true),
        ["adam"] = p => optim.Adam(p, 0.05),
        ["adam_decay"] = p => optim.Adam(p, 0.05, 0.8, 0.95, 1e-6, 0.1),
        ["adam_amsgrad"] = p => optim.Adam(p, 0.05, amsgrad: true),
        ["adamw"] = p => optim.AdamW(p, 0.05, weight_decay: 0.1),
    };

    public static TheoryData<string> Names => [.. Optimizers.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Optimizer_TrainingASmallNetwork_WalksPyTorchsTrajectory(string name)
    {
        using var scope = NewDisposeScope();
        manual_seed(7);
        using var model = Sequential(Linear(6, 8), Tanh(), Linear(8, 3));
        var (x, y) = (randn(5, 6), tensor(new long[] { 0, 1, 2, 1, 0 }));
        using var optimizer = Optimizers[name](model.parameters());
        var losses = Enumerable.Range(0, 12).Select(_ => Step(model, optimizer, x, y)).ToArray();
        Fixture.AssertClose(Expected.Numbers(name), losses, 1e-5, name);
        Expected.Check($"{name}.weight", model.get_parameter("0.weight")!);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void OptimizerState_CopiedToAnother_ContinuesBitByBit(string name)
    {
        using var scope = NewDisposeScope();
        manual_seed(7);
        using Sequential model = Sequential(Linear(6, 8), Tanh(), Linear(8, 3)), copy = Sequential(Linear(6, 8), Tanh(), Linear(8, 3));
        var (x, y) = (randn(5, 6), tensor(new long[] { 0, 1, 2, 1, 0 }));
        using OptimizerHelper optimizer = Optimizers[name](model.parameters()), resumed = Optimizers[name](copy.parameters());
        for (var i = 0; i < 5; i++) Step(model, optimizer, x, y);
        copy.load_state_dict(model.state_dict());
        resumed.load_state_dict(optimizer.state_dict());
        for (var i = 0; i < 5; i++) Assert.Equal(Step(model, optimizer, x, y), Step(copy, resumed, x, y));
    }

    [Theory]
    [InlineData("adam_decay")]
    [InlineData("adamw")]
    public void Step_OfTheKernel_IsThatOfTheOperators(string name)
    {
        using var scope = NewDisposeScope();
        manual_seed(7);
        // Large enough for several threads, and not a whole number of vectors; float64 is not the kernel's.
        using var plain = new Parameter(randn(7, 10007, dtype: float64));
        using var fused = new Parameter(plain.detach().to(float32));
        using var turned = new Parameter(fused.detach().t().contiguous().t());
        using OptimizerHelper ofPlain = Optimizers[name]([plain]), ofFused = Optimizers[name]([fused]), ofTurned = Optimizers[name]([turned]);
        for (var step = 0; step < 3; step++)
        {
            foreach (var (parameter, optimizer) in new[] { (plain, ofPlain), (fused, ofFused), (turned, ofTurned) })
            {
                optimizer.zero_grad();
                parameter.sin().sum().backward();
                optimizer.step();
            }
        }
        Assert.True(fused.to(float64).allclose(plain, 1e-5, 1e-5));
        Assert.True(turned.allclose(fused, 1e-6, 1e-6));
    }

    [Fact]
    public void Step_BetweenForwardAndBackward_IsNoticed()
    {
        using var scope = NewDisposeScope();
        using var weights = new Parameter(ones(4));
        using var optimizer = optim.Adam([weights], 0.1);
        var loss = weights.pow(2).sum();
        weights.sum().backward();
        optimizer.step();
        Assert.ThrowsAny<Exception>(() => loss.backward());
    }

    private static double Step(Module<Tensor, Tensor> model, optim.Optimizer optimizer, Tensor x, Tensor y)
    {
        using var scope = NewDisposeScope();
        optimizer.zero_grad();
        var loss = functional.cross_entropy(model.call(x), y);
        loss.backward();
        optimizer.step();
        return loss.item<float>();
    }

    [Fact]
    public void ParamGroups_WithOptionsOfTheirOwn_KeepThem()
    {
        using var scope = NewDisposeScope();
        using var a = new Parameter(ones(2));
        using var b = new Parameter(ones(2));
        using var optimizer = optim.SGD([new SGD.ParamGroup([a], new SGD.Options { LearningRate = 1.0 }), new SGD.ParamGroup { Parameters = [b] }], 0.5, weight_decay: 0.1);
        (a.sum() + b.sum()).backward();
        optimizer.step();
        Assert.True(a.allclose(tensor([-0.1f, -0.1f])));
        Assert.True(b.allclose(tensor([0.45f, 0.45f])));
        Assert.Equal([1.0, 0.5], optimizer.ParamGroups.Select(group => group.LearningRate));
    }

    [Fact]
    public void Step_OfAParameterWithoutGradient_LeavesItAlone()
    {
        using var scope = NewDisposeScope();
        using var a = new Parameter(ones(2));
        using var unused = new Parameter(ones(2));
        using var optimizer = optim.Adam([a, unused], 0.1, weight_decay: 0.5);
        a.sum().backward();
        optimizer.step();
        Assert.False(a.allclose(ones(2)));
        Assert.True(unused.allclose(ones(2), 0, 0));
        Assert.Equal([1L, 0L], optimizer.state_dict().State.Cast<Adam.State>().Select(state => state.step));
    }

    [Fact]
    public void Closure_GivenToStep_RunsWithGradients()
    {
        using var scope = NewDisposeScope();
        using var a = new Parameter(tensor([3f]));
        using var optimizer = optim.SGD([a], 0.1);
        var loss = optimizer.step(() =>
        {
            var value = a.pow(2).sum();
            value.backward();
            return value;
        });
        Assert.Equal(9f, loss!.item<float>());
        Assert.Equal(2.4f, a.item<float>(), 1e-6f);
    }

    [Fact]
    public void Options_ThatMakeNoSense_AreRefused()
    {
        using var a = new Parameter(ones(1));
        Assert.Throws<ArgumentException>(() => optim.SGD([a], -0.1));
        Assert.Throws<ArgumentException>(() => optim.SGD([a], double.NaN));
        Assert.Throws<ArgumentException>(() => optim.SGD([a], 0.1, nesterov: true));
        Assert.Throws<ArgumentException>(() => optim.Adam([a], beta2: 1));
        Assert.Throws<ArgumentException>(() => optim.SGD([a, a], 0.1));
    }

    [Fact]
    public void ClipGradNorm_AboveTheLimit_ScalesAsPyTorch()
    {
        using var scope = NewDisposeScope();
        manual_seed(7);
        using var model = Linear(6, 3);
        model.call(randn(5, 6)).pow(2).sum().backward();
        var norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0);
        Fixture.AssertClose(Expected.Numbers("clip.norm"), [norm], 1e-5, "norm");
        Expected.Check("clip.weight_grad", model.weight.grad!);
        Assert.Equal(1, nn.utils.clip_grad_norm_(model.parameters(), 5.0), 1e-4);
        Assert.Equal(1, nn.utils.clip_grad_norm_(model.parameters(), 5.0), 1e-4);
    }
}
