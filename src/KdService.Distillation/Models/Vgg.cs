using KdService.Core.Architectures;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Models;

/// <summary>
/// The VGGs of RepDistiller. Names of weights (<c>block0.0.weight</c>, <c>classifier.weight</c>), the order in which they are drawn
/// and their distribution are its own; here a block's output has been through its last ReLU.
/// </summary>
internal sealed class Vgg : Part
{
    private readonly ConvolutionChain[] _blocks;
    private readonly Linear _classifier;

    public Vgg(int[][] blocks, int classes) : base(nameof(Vgg))
    {
        var inputs = 3;
        _blocks = [.. blocks.Select((widths, block) => Named($"block{block}", new ConvolutionChain(true, widths.Select(Next))))];
        _classifier = Named("classifier", Linear(inputs, classes));
        DrawConvolutions();
        foreach (var (_, bias) in named_parameters().Where(named => named.name.EndsWith(".bias", StringComparison.Ordinal))) init.zeros_(bias);
        DrawNarrow(_classifier);

        Conv2d Next(int width)
        {
            var convolution = Conv2d(inputs, width, 3, 1, 1);
            inputs = width;
            return convolution;
        }
    }

    /// <inheritdoc />
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var features = input;
        for (var block = 0; block < _blocks.Length; block++)
        {
            features = _blocks[block].call(features);
            if (block < Vggs.PooledBlocks) features = functional.max_pool2d(features, 2);
        }
        return _classifier.call(features.mean([2, 3])).MoveToOuterDisposeScope();
    }
}
