using KdService.Core.Architectures;
using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Specs;
using KdService.Distillation.Models.Text;
using KdService.LibTorch.Extras;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Builder = System.Func<KdService.Core.Datasets.DataShape, TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>>;

namespace KdService.Distillation.Models;

/// <summary>Builds the networks of the catalogue, by name.</summary>
public static class Networks
{
    private static readonly IReadOnlyList<int> Widths = [16, 16, 32, 64];
    private static readonly IReadOnlyList<int> WidthsX4 = [32, 64, 128, 256];

    private static readonly Dictionary<string, Builder> Builders = new(
    [
        .. CifarResNets.Depths.SelectMany(depth => new[]
        {
            Named($"resnet{depth}", shape => new CifarResNet(depth, Widths, ShortcutOption.B, shape.Classes)),
            Named($"resnet{depth}a", shape => new CifarResNet(depth, Widths, ShortcutOption.A, shape.Classes)),
            Named($"resnet{depth}x4", shape => new CifarResNet(depth, WidthsX4, ShortcutOption.B, shape.Classes)),
        }),
        Named("resnet50", shape => new BottleneckResNet(BottleneckResNets.Blocks, shape.Classes)),
        .. WideResNets.Sizes.Select(size => Named($"wrn{size.Depth}_{size.Widening}", shape => new WideResNet(size.Depth, size.Widening, shape.Classes))),
        .. Vggs.Blocks.Select(vgg => Named($"vgg{vgg.Key}", shape => new Vgg(vgg.Value, shape.Classes))),
        Named("mobilenetv2", shape => new MobileNetV2(shape.Classes)),
        Named("shufflenetv1", shape => ShuffleNet.V1(shape.Classes)),
        Named("shufflenetv2", shape => ShuffleNet.V2(shape.Classes)),
        .. PlainCnns.Depths.Select(depth => Named($"plane{depth}", shape => new PlainCnn(depth, shape.Classes))),
        .. Mlps.Widths.Select(width => Named($"mlp{width}", shape => new Mlp(shape.Values, width, shape.Classes))),
        .. Transformers.Named.Select(named => Named(named.Key, shape => OfTexts(named.Value, shape))),
    ]);

    /// <summary>The names that can be built; transformers of other sizes can be, too, by the pattern of <see cref="Transformers"/>.</summary>
    public static IReadOnlyCollection<string> Names => Builders.Keys;

    /// <summary>
    /// Builds a network on the CPU, in training mode, its convolutions laid out channels-last. It maps inputs <c>[batch, channels, height, width]</c> to logits <c>[batch, classes]</c>;
    /// of texts, <see cref="TextNetwork"/> and <see cref="MaskedLanguageModel"/> say what.
    /// </summary>
    /// <param name="architecture">A name of the catalogue.</param>
    /// <param name="shape">The inputs and the number of classes.</param>
    /// <param name="seed">
    /// Torch's generator is seeded with it first, so that the initial weights are those of the same PyTorch code after
    /// <c>torch.manual_seed(seed)</c>; null for weights that will be replaced, which leave the generator as it is.
    /// </param>
    /// <exception cref="RunException">There is no such network.</exception>
    public static Module<Tensor, Tensor> Build(string architecture, DataShape shape, long? seed)
    {
        if (BuilderOf(architecture) is not { } build)
            throw new RunException(FailureCode.InvalidPlan, $"model: {SpecValidation.UnknownArchitecture(architecture)}");
        if (seed is { } given)
        {
            manual_seed(given);
            return build(shape).channels_last();
        }
        using var random = get_rng_state();
        var network = build(shape).channels_last();
        set_rng_state(random);
        return network;
    }

    /// <summary>Builds a network for colour pictures of 32x32.</summary>
    /// <inheritdoc cref="Build(string, DataShape, long?)" />
    public static Module<Tensor, Tensor> Build(string architecture, int classes, long? seed) => Build(architecture, DataShape.Pictures(classes), seed);

    private static Builder? BuilderOf(string architecture) =>
        Builders.GetValueOrDefault(architecture) ?? (Transformers.Size(architecture) is { } size ? shape => OfTexts(size, shape) : null);

    private static Module<Tensor, Tensor> OfTexts(Transformer size, DataShape shape) =>
        shape.Target == Target.Word ? new MaskedLanguageModel(size, shape.Vocabulary) : TextNetwork.Create(size, shape);

    private static KeyValuePair<string, Builder> Named(string name, Builder build) => new(name, build);
}
