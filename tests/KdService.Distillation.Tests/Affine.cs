using static TorchSharp.torch;

namespace KdService.Distillation.Tests;

/// <summary>A network whose gradients are known: logits are <c>x W^T</c>.</summary>
internal sealed class Affine : nn.Module<Tensor, Tensor>
{
    /// <summary>Takes its weights, <c>[classes, numbers]</c>.</summary>
    public Affine(Tensor weight) : base(nameof(Affine))
    {
        Weight = nn.Parameter(weight);
        register_parameter("weight", Weight);
    }

    public TorchSharp.Modules.Parameter Weight { get; }

    public override Tensor forward(Tensor input) => input.flatten(1).mm(Weight.t());

    protected override void RegisterComponents()
    {
    }
}
