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
internal sealed class PlainCnn : Part
{
    private readonly Convolutions _convolutions;
    private readonly Sequential _fcLayers;

    public PlainCnn(int depth, int classes) : base(nameof(PlainCnn))
    {
        var (convs, hidden) = PlainCnns.Steps(depth, classes);
        _convolutions = Named("conv_layers", new Convolutions(convs));
        List<Module<Tensor, Tensor>> fcLayers = [];
        var features = _convolutions.Features;
        foreach (var width in hidden)
        {
            fcLayers.AddRange([Linear(features, width), ReLU()]);
            features = width;
        }
        fcLayers.Add(Linear(features, classes));
        _fcLayers = Named("fc_layers", Sequential(fcLayers.ToArray()));
    }

    /// <inheritdoc />
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return _fcLayers.call(_convolutions.call(input).flatten(1)).MoveToOuterDisposeScope();
    }

    /// <summary>All but the linear layers: one sequence of convolutions, norms, ReLUs and poolings in PyTorch.</summary>
    private sealed class Convolutions : Part
    {
        private readonly List<Func<Tensor, Tensor>> _steps = [];

        public Convolutions(IReadOnlyList<int> widths) : base(nameof(Convolutions))
        {
            var (module, inputs, side) = (0, 3, 32);
            foreach (var width in widths)
            {
                if (width == PlainCnns.Pool)
                {
                    _steps.Add(Next(MaxPool2d(2)).call);
                    side /= 2;
                    continue;
                }
                var (convolution, norm, relu) = (Next(Conv2d(inputs, width, 3, 1, 1)), Next(BatchNorm2d(width)), Next(ReLU()));
                _steps.Add(input => relu.IsWatched() ? relu.call(norm.call(convolution.call(input))) : norm.BatchNormRelu(convolution.call(input)));
                inputs = width;
            }
            Features = inputs * side * side;

            T Next<T>(T step) where T : Module => Named($"{module++}", step);
        }

        /// <summary>Length of the output as a vector.</summary>
        public int Features { get; }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var features = input;
            foreach (var step in _steps) features = step(features);
            return features.MoveToOuterDisposeScope();
        }
    }
}
