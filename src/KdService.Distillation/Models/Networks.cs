using KdService.Core.Architectures;
using KdService.Core.Jobs;
using KdService.Core.Specs;
using KdService.LibTorch.Extras;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Models;

/// <summary>Builds the networks of the catalogue, by name.</summary>
public static class Networks
{
    private static readonly IReadOnlyList<int> Widths = [16, 16, 32, 64];
    private static readonly IReadOnlyList<int> WidthsX4 = [32, 64, 128, 256];

    private static readonly Dictionary<string, Func<int, Module<Tensor, Tensor>>> Builders = new(
    [
        .. CifarResNets.Depths.SelectMany(depth => new KeyValuePair<string, Func<int, Module<Tensor, Tensor>>>[]
        {
            new($"resnet{depth}", classes => new CifarResNet(depth, Widths, ShortcutOption.B, classes)),
            new($"resnet{depth}a", classes => new CifarResNet(depth, Widths, ShortcutOption.A, classes)),
            new($"resnet{depth}x4", classes => new CifarResNet(depth, WidthsX4, ShortcutOption.B, classes)),
        }),
        new("resnet50", classes => new BottleneckResNet(BottleneckResNets.Blocks, classes)),
        .. WideResNets.Sizes.Select(size => new KeyValuePair<string, Func<int, Module<Tensor, Tensor>>>(
            $"wrn{size.Depth}_{size.Widening}", classes => new WideResNet(size.Depth, size.Widening, classes))),
        .. Vggs.Blocks.Select(vgg => new KeyValuePair<string, Func<int, Module<Tensor, Tensor>>>($"vgg{vgg.Key}", classes => new Vgg(vgg.Value, classes))),
        new("mobilenetv2", classes => new MobileNetV2(classes)),
        new("shufflenetv1", ShuffleNet.V1),
        new("shufflenetv2", ShuffleNet.V2),
        .. PlainCnns.Depths.Select(depth => new KeyValuePair<string, Func<int, Module<Tensor, Tensor>>>($"plane{depth}", classes => new PlainCnn(depth, classes))),
    ]);

    /// <summary>The names that can be built.</summary>
    public static IReadOnlyCollection<string> Names => Builders.Keys;

    /// <summary>
    /// Builds a network on the CPU, in training mode, its convolutions laid out channels-last. It maps pictures <c>[batch, 3, 32, 32]</c> to logits <c>[batch, classes]</c>.
    /// </summary>
    /// <param name="architecture">A name of the catalogue.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="seed">
    /// Torch's generator is seeded with it first, so that the initial weights are those of the same PyTorch code after
    /// <c>torch.manual_seed(seed)</c>; null for weights that will be replaced, which leave the generator as it is.
    /// </param>
    /// <exception cref="RunException">There is no such network.</exception>
    public static Module<Tensor, Tensor> Build(string architecture, int classes, long? seed)
    {
        if (!Builders.TryGetValue(architecture, out var build))
            throw new RunException(FailureCode.InvalidPlan, $"model: {SpecValidation.UnknownArchitecture(architecture)}");
        if (seed is { } given)
        {
            manual_seed(given);
            return build(classes).channels_last();
        }
        using var random = get_rng_state();
        var network = build(classes).channels_last();
        set_rng_state(random);
        return network;
    }
}
