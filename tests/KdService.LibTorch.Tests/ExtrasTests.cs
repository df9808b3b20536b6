using System.Runtime.InteropServices;
using KdService.LibTorch.Extras;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.LibTorch.Tests;

public sealed class ExtrasTests
{
    [Fact]
    public void Errors_OfLibtorch_ArriveAsExceptionsWithItsMessage()
    {
        using var scope = NewDisposeScope();
        var error = Assert.Throws<ExternalException>(() => ones(2, 3).matmul(ones(2, 3)));
        Assert.Contains("mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception raised from", error.Message, StringComparison.Ordinal);
        Assert.Throws<ExternalException>(() => tensor([1f, 2f], [3]));
        Assert.Throws<ArgumentException>(() => ones(2).item<float>());
        Assert.Throws<ArgumentException>(() => ones(2).data<double>());
        Assert.Throws<ArgumentException>(() => new Device("gpu"));
    }

    [Fact]
    public void ChannelsLast_OfImagesAndModules_ChangesOnlyTheLayout()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var images = randn(2, 3, 6, 6);
        using var conv = Conv2d(3, 8, 3, padding: 1);
        var expected = conv.call(images);
        var (weight, bits) = (conv.weight, conv.weight.data<float>().ToArray());
        Assert.Same(conv, conv.channels_last());
        var last = images.channels_last();
        Assert.Equal([108L, 1, 18, 3], last.stride());
        Assert.Equal(images.shape, last.shape);
        Assert.Same(weight, conv.weight);
        Assert.Equal([27L, 1, 9, 3], conv.weight.stride());
        Assert.Equal(bits, conv.weight.data<float>().ToArray());
        var output = conv.call(last);
        Assert.Equal(1, output.stride(1));
        Assert.True(output.allclose(expected, 1e-5, 1e-6));
        output.sum().backward();
        Assert.Equal([27L, 1, 9, 3], conv.weight.grad!.stride());
    }
}
