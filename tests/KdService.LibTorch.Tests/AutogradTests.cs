using System.Runtime.InteropServices;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.LibTorch.Tests;

public sealed class AutogradTests
{
    [Fact]
    public void Gradients_OfALoss_EqualPyTorch()
    {
        using var scope = NewDisposeScope();
        var expected = Fixture.Load("gradients");
        manual_seed(11);
        var (a, b, m) = (randn(4, 6, requires_grad: true), randn(4, 6), randn(6, 5, requires_grad: true));
        var loss = functional.kl_div(a.matmul(m).log_softmax(1), b.matmul(m).softmax(1).detach(), log_target: false, reduction: Reduction.Sum) / 4
            + a.clamp(-1, 1).pow(3).mean();
        loss.backward();
        expected.Check("loss", loss);
        expected.Check("a", a.grad!);
        expected.Check("m", m.grad!);
    }

    [Fact]
    public void SecondDerivatives_ThroughGrad_EqualPyTorch()
    {
        using var scope = NewDisposeScope();
        var expected = Fixture.Load("gradients");
        var x = tensor([1.5f, -2f, 0.5f], requires_grad: true);
        var y = (x.pow(3) * x.flip(0)).sum();
        var first = autograd.grad([y], [x], create_graph: true)[0];
        var second = autograd.grad([first.pow(2).sum()], [x])[0];
        expected.Check("first", first);
        expected.Check("second", second);
        Assert.Null(x.grad);
    }

    [Fact]
    public void Gradients_OfSeveralBackwardPasses_AddUp()
    {
        using var scope = NewDisposeScope();
        var x = tensor([2f], requires_grad: true);
        var y = x * x;
        y.backward(retain_graph: true);
        y.backward(grad_tensors: [tensor([10f])]);
        Assert.Equal(44f, x.grad!.item<float>());
        x.grad = null;
        Assert.Null(x.grad);
    }

    [Fact]
    public void Backward_ASecondTimeWithoutRetaining_SaysSo()
    {
        using var scope = NewDisposeScope();
        var y = tensor([2f], requires_grad: true).exp();
        y.backward();
        var error = Assert.Throws<ExternalException>(() => y.backward());
        Assert.Contains("second time", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Grad_OfAnUnusedInput_IsNullWhereAllowedAndAnErrorElsewhere()
    {
        using var scope = NewDisposeScope();
        var (x, unused) = (ones(2, requires_grad: true), ones(2, requires_grad: true));
        Assert.Throws<ExternalException>(() => autograd.grad([(x * 2).sum()], [x, unused]));
        var found = autograd.grad([(x * 2).sum()], [x, unused], allow_unused: true);
        Assert.Null(found[1]);
        Assert.Equal([2f, 2f], found[0].data<float>().ToArray());
    }

    [Fact]
    public void GradModes_Nest_AndAreRestored()
    {
        using var scope = NewDisposeScope();
        var x = ones(2, requires_grad: true);
        using (no_grad())
        {
            Assert.False((x * 2).requires_grad);
            using (enable_grad()) Assert.True((x * 2).requires_grad);
            Assert.False(is_grad_enabled());
        }
        Assert.True((x * 2).requires_grad);
        using (inference_mode())
        {
            Assert.True(is_inference_mode_enabled());
            Assert.False((x * 2).requires_grad);
        }
        Assert.False(is_inference_mode_enabled());
    }

    [Fact]
    public void AnomalyDetection_OfANotANumber_Throws()
    {
        using var scope = NewDisposeScope();
        using var detection = autograd.detect_anomaly();
        var x = tensor([-1f], requires_grad: true);
        var error = Assert.Throws<ExternalException>(() => x.sqrt().backward());
        Assert.Contains("nan", error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void DetachedTensors_DoNotPassGradientsOn()
    {
        using var scope = NewDisposeScope();
        var x = ones(2, requires_grad: true);
        (x.detach() * x).sum().backward();
        Assert.Equal([1f, 1f], x.grad!.data<float>().ToArray());
    }
}
