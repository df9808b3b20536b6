using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Models;

/// <summary>A perceptron with two hidden layers and ReLU. Weights are drawn as PyTorch draws linear layers.</summary>
internal sealed class Mlp : Part
{
    private readonly Sequential _hidden;
    private readonly Linear _classifier;

    public Mlp(int inputs, int width, int classes) : base(nameof(Mlp))
    {
        _hidden = Named("hidden", Sequential(Linear(inputs, width), ReLU(), Linear(width, width), ReLU()));
        _classifier = Named("fc", Linear(width, classes));
    }

    /// <inheritdoc />
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return _classifier.call(_hidden.call(input.flatten(1))).MoveToOuterDisposeScope();
    }
}
