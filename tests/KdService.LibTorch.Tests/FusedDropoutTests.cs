using KdService.LibTorch.Extras;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.LibTorch.Tests;

/// <summary>Dropout by the shim's kernel: what is kept is random enough, scaled exactly, and the same on the way back.</summary>
public sealed class FusedDropoutTests
{
    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    public void Dropout_InTraining_KeepsItsShareAndScalesIt(double p)
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var layer = Dropout(p);
        // Not a whole number of groups.
        var x = randn(1001, 99) + 3;
        var y = layer.Drop(x);
        var kept = y.ne(0);
        Assert.True(y.masked_select(kept).allclose(x.masked_select(kept) / (1 - p), 1e-6, 0));
        // The share of 99,099 elements deviates by less than five standard deviations; so do shares by row, and neighbours agree by chance.
        var tolerance = 5 * Math.Sqrt(p * (1 - p) / x.numel());
        Assert.Equal(1 - p, Mean(kept), tolerance);
        Assert.True((kept.to(float32).mean([1]) - (1 - p)).abs().max().item<float>() < 6 * Math.Sqrt(p * (1 - p) / 99));
        foreach (var apart in new[] { 1, 4, 16, 64, 99 })
        {
            var flat = kept.flatten();
            var both = flat.narrow(0, apart, flat.size(0) - apart).logical_and(flat.narrow(0, 0, flat.size(0) - apart));
            Assert.Equal((1 - p) * (1 - p), Mean(both), 6 * Math.Sqrt(p * (1 - p) / x.numel()));
        }
    }

    [Fact]
    public void Dropout_OneAfterAnother_DrawsAnew_AndFromASeedTheSame()
    {
        using var scope = NewDisposeScope();
        using var layer = Dropout(0.5);
        var x = ones(64, 64);
        manual_seed(3);
        var (first, second) = (layer.Drop(x), layer.Drop(x));
        // By chance half of the places agree.
        Assert.Equal(0.5, Mean(first.eq(second)), 0.05);
        manual_seed(3);
        Assert.True(layer.Drop(x).allclose(first, 0, 0));
        var threads = get_num_threads();
        set_num_threads(threads == 1 ? 2 : 1);
        Assert.True(layer.Drop(x).allclose(second, 0, 0));
        set_num_threads(threads);
    }

    [Fact]
    public void Dropout_WithASum_HasTheGradientsOfWhatItKept()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var layer = Dropout(0.3);
        var (x, residual) = (randn(7, 33).requires_grad_(), randn(7, 33).requires_grad_());
        var y = layer.DropThenAdd(x, residual);
        var factors = ((y - residual) / x).detach();
        var towards = randn(33, 7).t(); // not contiguous
        var slope = autograd.grad([(y * towards).sum()], [x, residual], create_graph: true);
        Assert.True(slope[0].allclose(factors * towards, 1e-4, 1e-5));
        Assert.True(slope[1].allclose(towards, 0, 0));
        Assert.True(factors.mul(0.7).round().allclose(factors * 0.7, 1e-3, 1e-3), "factors are 0 or 1/(1-p)");
    }

    [Fact]
    public void Dropout_OfAGradientThatIsDifferentiated_DropsInTheSamePlaces()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var layer = Dropout(0.5);
        var (x, weight) = (randn(5, 20).requires_grad_(), randn(5, 20).requires_grad_());
        var dropped = layer.Drop(x);
        var factors = (dropped / x).detach();
        var slope = autograd.grad([(dropped * weight).sum()], [x], create_graph: true)[0];
        slope.pow(2).sum().backward();
        Assert.True(weight.grad!.allclose(2 * weight * factors.pow(2), 1e-5, 1e-5));
    }

    [Fact]
    public void Dropout_InEvaluationOrOfNothing_ChangesNothing()
    {
        using var scope = NewDisposeScope();
        var (x, residual) = (randn(4, 5), randn(4, 5));
        using Dropout layer = Dropout(0.5), none = Dropout(0);
        Assert.True(none.Drop(x).allclose(x, 0, 0));
        layer.eval();
        Assert.True(layer.Drop(x).allclose(x, 0, 0));
        Assert.True(layer.DropThenAdd(x, residual).allclose(x + residual, 0, 0));
    }

    [Fact]
    public void Dropout_WhereTheKernelDoesNotServe_TakesTheOperators()
    {
        using var scope = NewDisposeScope();
        using var layer = Dropout(0.5);
        var (wide, turned) = (ones(100, 100, dtype: float64), ones(100, 90).t());
        Assert.Equal(1.0, layer.Drop(wide).mean().item<double>(), 0.1);
        Assert.Equal(2.0, layer.DropThenAdd(turned, turned).mean().item<float>(), 0.1);
        var seen = 0;
        layer.register_forward_hook((_, _, output) => { seen++; return output; });
        layer.Drop(ones(4, 4));
        Assert.Equal(1, seen);
    }

    private static double Mean(Tensor truths) => truths.to(float64).mean().item<double>();
}
