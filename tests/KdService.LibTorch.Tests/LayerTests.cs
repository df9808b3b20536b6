using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.LibTorch.Tests;

public sealed class LayerTests
{
    private static readonly Fixture Expected = Fixture.Load("layers");

    private static Tensor Images() => randn(2, 4, 5, 5);

    private static Tensor Rows() => randn(4, 6);

    // Without momentum the running statistics are plain averages.
    private static BatchNorm2d Averaging()
    {
        var layer = BatchNorm2d(4);
        layer.momentum = null;
        return layer;
    }

    public static TheoryData<string> Names => [.. Layers.Keys];

    private static readonly Dictionary<string, (Func<Module<Tensor, Tensor>> Build, Func<Tensor> Input)> Layers = new()
    {
        ["linear"] = (() => Linear(6, 5), Rows),
        ["linear_plain"] = (() => Linear(6, 5, false), Rows),
        ["conv"] = (() => Conv2d(4, 6, 3, 2, 1), Images),
        ["conv_groups"] = (() => Conv2d(4, 8, 3, padding: 1, groups: 2, bias: false), Images),
        ["conv_dilated"] = (() => Conv2d(4, 6, (3, 1), padding: (2, 0), dilation: (2, 2)), Images),
        ["conv_same"] = (() => Conv2d(4, 2, 3, Padding.Same), Images),
        ["conv_reflect"] = (() => Conv2d(4, 2, 3, padding: 1, padding_mode: PaddingModes.Reflect), Images),
        ["batch_norm"] = (() => BatchNorm2d(4), Images),
        ["batch_norm_plain"] = (() => BatchNorm2d(4, affine: false, track_running_stats: false), Images),
        ["batch_norm_average"] = (Averaging, Images),
        ["batch_norm_1d"] = (() => BatchNorm1d(6), Rows),
        ["layer_norm"] = (() => LayerNorm(6), Rows),
        ["embedding"] = (() => Embedding(10, 3, 1), () => randint(0, 10, [4, 5])),
        ["dropout"] = (() => Dropout(0.3), Rows),
        ["max_pool"] = (() => MaxPool2d(2), Images),
        ["avg_pool"] = (() => AvgPool2d(3, 2), Images),
        ["adaptive_pool"] = (() => AdaptiveAvgPool2d((2, 2)), Images),
        ["gelu"] = (() => GELU(), Rows),
        ["sequential"] = (() => Sequential(Conv2d(4, 3, 3), BatchNorm2d(3), ReLU(), Flatten(), Linear(27, 2)), Images),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void Layer_SeededAsInPython_InitialisesComputesAndDifferentiatesAsPyTorch(string name)
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        var (build, input) = Layers[name];
        using var layer = build();
        var x = input();
        if (x.is_floating_point()) x.requires_grad_();
        _ = layer.call(x);
        var y = layer.call(x);
        (y * arange(y.numel()).view(y.shape).cos()).sum().backward();

        Expected.Check(name, y);
        if (Expected.Has($"{name}.input_grad")) Expected.Check($"{name}.input_grad", x.grad!);
        foreach (var (key, value) in layer.state_dict()) Expected.Check($"{name}.{key}", value);
        foreach (var (key, parameter) in layer.named_parameters()) Expected.Check($"{name}.{key}.grad", parameter.grad!);
        layer.eval();
        Expected.Check($"{name}.eval", layer.call(x));
        Assert.Equal(Expected.Names.Count(key => key == name || key.StartsWith(name + ".", StringComparison.Ordinal)),
            2 + (x.grad is null ? 0 : 1) + layer.state_dict().Count + layer.parameters().Count());
    }

    [Fact]
    public void BatchNorm_OfOneValueAChannel_IsRefused()
    {
        using var layer = BatchNorm1d(3);
        using var one = ones(1, 3);
        Assert.Throws<ArgumentException>(() => layer.call(one));
        using var images = ones(1, 3, 2, 2);
        Assert.Throws<ArgumentException>(() => layer.call(images));
    }

    [Fact]
    public void Conv2d_WithGroupsThatDoNotDivide_NamesThem()
    {
        var error = Assert.Throws<ArgumentException>(() => Conv2d(4, 6, 3, groups: 4));
        Assert.Contains("groups 4", error.Message, StringComparison.Ordinal);
    }
}
