using KdService.LibTorch.Extras;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.LibTorch.Tests;

public sealed class FusedBatchNormTests
{
    private sealed record Outcome(Tensor Output, Tensor InputGrad, Tensor? ResidualGrad, Tensor WeightGrad, Tensor BiasGrad, Tensor Mean, Tensor Variance, long Batches);

    /// <summary>One training pass: by the fused kernels, or by the operators they stand for.</summary>
    private static Outcome Run(bool fused, Tensor image, Tensor? residual, double? momentum = 0.1)
    {
        using var norm = BatchNorm2d(image.size(1));
        norm.momentum = momentum;
        var scope = NewDisposeScope();
        using (no_grad())
        {
            norm.weight!.copy_(linspace(0.5, 1.5, image.size(1)));
            norm.bias!.copy_(linspace(-0.4, 0.3, image.size(1)));
        }
        var x = image.detach().clone().requires_grad_();
        var r = residual?.detach().clone().requires_grad_();
        var output = fused
            ? r is null ? norm.BatchNormRelu(x) : norm.BatchNormAddRelu(x, r)
            : (r is null ? norm.call(x) : norm.call(x) + r).relu();
        var towards = arange(output.numel(), dtype: ScalarType.Float32).view(output.size(0), output.size(2), output.size(3), output.size(1)).cos().permute(0, 3, 1, 2);
        (output * towards).sum().backward();
        return new Outcome(output, x.grad!, r?.grad, norm.weight.grad!.clone(), norm.bias.grad!.clone(), norm.running_mean!.clone(),
            norm.running_var!.clone(), norm.num_batches_tracked!.ToInt64());
    }

    private static void AssertEqual(Outcome expected, Outcome actual)
    {
        Close(expected.Output, actual.Output, nameof(Outcome.Output));
        Close(expected.InputGrad, actual.InputGrad, nameof(Outcome.InputGrad));
        Close(expected.WeightGrad, actual.WeightGrad, nameof(Outcome.WeightGrad));
        Close(expected.BiasGrad, actual.BiasGrad, nameof(Outcome.BiasGrad));
        Close(expected.Mean, actual.Mean, nameof(Outcome.Mean));
        Close(expected.Variance, actual.Variance, nameof(Outcome.Variance));
        if (expected.ResidualGrad is not null) Close(expected.ResidualGrad, actual.ResidualGrad!, nameof(Outcome.ResidualGrad));
        Assert.Equal(expected.Batches, actual.Batches);

        static void Close(Tensor expected, Tensor actual, string what) =>
            Assert.True(actual.allclose(expected, 1e-5, 1e-5), $"{what}: differs by {(actual - expected).abs().max().ToSingle()}");
    }

    // One channel, a vector, vectors with a tail, many; and rows that do not fill their chunks.
    [Theory]
    [InlineData(4, 1, 5, 5, false)]
    [InlineData(4, 16, 8, 8, false)]
    [InlineData(4, 16, 8, 8, true)]
    [InlineData(3, 19, 7, 5, true)]
    [InlineData(32, 64, 9, 9, true)]
    [InlineData(2, 512, 2, 2, false)]
    [InlineData(2, 1, 1, 1, true)]
    public void Fused_InTraining_EqualsTheOperators(int batch, int channels, int height, int width, bool hasResidual)
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        var image = randn(batch, channels, height, width) * 2 + 1;
        var residual = hasResidual ? randn(batch, channels, height, width) : null;
        var expected = Run(fused: false, image.contiguous(), residual);
        var fused = Run(fused: true, image.channels_last(), residual?.channels_last());
        AssertEqual(expected, fused);
    }

    [Fact]
    public void Fused_OfValuesFarFromZero_KeepsItsAccuracy()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        var image = (randn(8, 16, 12, 12) * 0.5 + 1000).channels_last();
        using var norm = BatchNorm2d(16);
        var actual = norm.BatchNormRelu(image);
        var wide = image.to(float64);
        var mean = wide.mean([0, 2, 3], keepdim: true);
        var exact = ((wide - mean) / (wide.var([0, 2, 3], unbiased: false, keepdim: true) + 1e-5).sqrt()).relu();
        Assert.True(actual.to(float64).allclose(exact, 1e-3, 1e-3));
        Assert.True(norm.running_var!.to(float64).allclose(0.9 + 0.1 * wide.var([0, 2, 3]), 1e-4, 1e-5));
    }

    [Fact]
    public void Fused_AveragingOverAllBatches_CountsThem()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        var image = randn(4, 16, 4, 4);
        AssertEqual(Run(false, image, null, momentum: null), Run(true, image.channels_last(), null, momentum: null));
    }

    [Fact]
    public void Fused_OnOneThreadAndOnTwo_GivesTheSameBits()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        var (image, residual) = (randn(16, 32, 16, 16).channels_last(), randn(16, 32, 16, 16).channels_last());
        var before = get_num_threads();
        set_num_threads(1);
        var (once, again) = (Run(true, image, residual), Run(true, image, residual));
        set_num_threads(2);
        var parallel = Run(true, image, residual);
        set_num_threads(before);
        foreach (var other in new[] { again, parallel })
        {
            Assert.True(once.Output.allclose(other.Output, 0, 0));
            Assert.True(once.InputGrad.allclose(other.InputGrad, 0, 0));
            Assert.True(once.WeightGrad.allclose(other.WeightGrad, 0, 0));
            Assert.True(once.Variance.allclose(other.Variance, 0, 0));
        }
    }

    [Fact]
    public void Fused_WhereSomebodyWatches_ShowsEveryStepAndChangesNone()
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        var (image, residual) = (randn(4, 20, 6, 6).channels_last(), randn(4, 20, 6, 6).channels_last());
        using var norm = BatchNorm2d(20);
        using var sum = Identity();
        var (normed, summed) = (new List<Tensor>(), new List<Tensor>());
        var alone = norm.BatchNormAddRelu(image, residual, sum);
        var hook = sum.register_forward_hook((_, _, output) => { summed.Add(output); return output; });
        Assert.True(norm.BatchNormAddRelu(image, residual, sum).allclose(alone, 1e-5, 1e-6));
        hook.remove();
        norm.register_forward_hook((_, _, output) => { normed.Add(output); return output; });
        Assert.True(norm.BatchNormAddRelu(image, residual, sum).allclose(alone, 1e-5, 1e-6));
        norm.BatchNormRelu(image);
        Assert.Equal((2, 1), (normed.Count, summed.Count));
        Assert.All(normed, output => Assert.True((output + residual).allclose(summed[0], 1e-5, 1e-6)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Fused_InEvaluation_UsesTheRunningStatistics(bool recorded)
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        var (image, residual) = (randn(4, 20, 6, 6).channels_last(), randn(4, 20, 6, 6).channels_last());
        using var norm = BatchNorm2d(20);
        _ = norm.call(image * 3 + 1);
        norm.eval();
        using var mode = set_grad_enabled(recorded);
        Assert.True(norm.BatchNormAddRelu(image, residual).allclose((norm.call(image) + residual).relu(), 1e-5, 1e-6));
        Assert.Equal(recorded, norm.BatchNormRelu(image).requires_grad);
        Assert.Equal(1, norm.num_batches_tracked!.ToInt64());
    }

    [Fact]
    public void Fused_DifferentiatedTwice_EqualsTheOperators()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        var image = randn(4, 3, 4, 4);
        Assert.True(SecondDerivative(true).allclose(SecondDerivative(false), 1e-4, 1e-4));

        Tensor SecondDerivative(bool fused)
        {
            using var norm = BatchNorm2d(3);
            var x = image.channels_last().detach().requires_grad_();
            var y = fused ? norm.BatchNormRelu(x) : norm.call(x).relu();
            var first = autograd.grad([y.pow(3).sum()], [x], create_graph: true)[0];
            return autograd.grad([first.pow(2).sum()], [x])[0];
        }
    }

    [Fact]
    public void Fused_OfNotANumber_LetsItThrough()
    {
        using var scope = NewDisposeScope();
        var image = ones(2, 16, 3, 3).channels_last();
        image[0, 0, 0, 0] = float.NaN;
        using var norm = BatchNorm2d(16);
        Assert.True(norm.BatchNormRelu(image).isnan().any().ToBoolean());
    }

    [Fact]
    public void Fallback_ForOtherTensors_EqualsTheOperators()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        var image = randn(4, 6, 5, 5);
        foreach (var x in new[] { image, image.to(float64), image.transpose(2, 3) })
        {
            using var norm = BatchNorm2d(6).to(x.dtype);
            using var plain = BatchNorm2d(6).to(x.dtype);
            Assert.True(norm.BatchNormAddRelu(x, x).allclose((plain.call(x) + x).relu(), 1e-6, 1e-6));
            Assert.True(norm.running_var!.allclose(plain.running_var!, 0, 0));
        }
        using var bare = BatchNorm2d(6, affine: false);
        Assert.True(bare.BatchNormRelu(image.channels_last()).allclose(bare.call(image).relu(), 1e-5, 1e-6));
    }
}
