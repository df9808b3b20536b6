using KdService.LibTorch.Extras;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Models;

/// <summary>
/// Convolutions, each with batch norm and ReLU, under the names they have in PyTorch as one sequence of the three: <c>0</c> and
/// <c>1</c>, <c>3</c> and <c>4</c>, ...
/// </summary>
internal sealed class ConvolutionChain : Part
{
    private readonly (Conv2d Convolution, BatchNorm2d Norm)[] _links;
    private readonly bool _endsInRelu;

    /// <param name="endsInRelu">Whether ReLU follows the last norm as well.</param>
    /// <param name="convolutions">The convolutions; a norm is made for each.</param>
    public ConvolutionChain(bool endsInRelu, params IEnumerable<Conv2d> convolutions) : base(nameof(ConvolutionChain))
    {
        _endsInRelu = endsInRelu;
        _links = [.. convolutions.Select((convolution, i) => (Named($"{3 * i}", convolution), Named($"{3 * i + 1}", BatchNorm2d(convolution.weight.shape[0]))))];
    }

    /// <inheritdoc />
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var features = input;
        for (var i = 0; i < _links.Length; i++)
        {
            var (convolution, norm) = _links[i];
            features = convolution.call(features);
            features = i + 1 < _links.Length || _endsInRelu ? norm.BatchNormRelu(features) : norm.call(features);
        }
        return features.MoveToOuterDisposeScope();
    }
}
