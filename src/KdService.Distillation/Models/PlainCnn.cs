using KdService.Core.Architectures;
using KdService.LibTorch.Extras;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Models;

/// <summary>
/// The plain CNNs of Mirzadeh et al. (2020): 3x3 convolutions with bias, batch norm and ReLU; 2x2 max pooling; linear layers with
/// ReLU between them. Names of weights (<c>conv_layers.0.weight</c>, <c>fc_layers.0.weight</c>) and initialisation (PyTorch's
/// defaults) are those of the official code.
/// </summary>
internal sealed class PlainCnn : Module<Tensor, Tensor>
{
    // What conv_layers does, with batch norm and ReLU in one; its own modules give the weights their names.
    private readonly List<Func<Tensor, Tensor>> _convSteps = [];
    private readonly Sequential _fcLayers;

    public PlainCnn(int depth, int classes) : base(nameof(PlainCnn))
    {
        var (convs, hidden) = PlainCnns.Outline(depth, classes);
        List<Module<Tensor, Tensor>> convLayers = [], fcLayers = [];
        var (inputs, side) = (3, 32);
        foreach (var width in convs)
        {
            if (width == PlainCnns.Pool)
            {
                var pool = MaxPool2d(2);
                convLayers.Add(pool);
                _convSteps.Add(pool.call);
                side /= 2;
                continue;
            }
            var (convolution, norm) = (Conv2d(inputs, width, 3, 1, 1), BatchNorm2d(width));
            convLayers.AddRange([convolution, norm, ReLU()]);
            _convSteps.Add(input => norm.BatchNormRelu(convolution.call(input)));
            inputs = width;
        }
        var features = inputs * side * side;
        foreach (var width in hidden)
        {
            fcLayers.AddRange([Linear(features, width), ReLU()]);
            features = width;
        }
        fcLayers.Add(Linear(features, classes));
        _fcLayers = Sequential(fcLayers.ToArray());
        register_module("conv_layers", Sequential(convLayers.ToArray()));
        register_module("fc_layers", _fcLayers);
    }

    /// <inheritdoc />
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var features = input;
        foreach (var step in _convSteps) features = step(features);
        return _fcLayers.call(features.flatten(1)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    /// <remarks>Nothing: the constructor registered all, under PyTorch's names, to which this would add those of the fields.</remarks>
    protected override void RegisterComponents()
    {
    }
}
