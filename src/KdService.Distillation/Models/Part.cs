using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Models;

/// <summary>A network or a part of one whose modules have the names that its constructor gives them, PyTorch's, and no others.</summary>
internal abstract class Part(string name) : Module<Tensor, Tensor>(name)
{
    /// <summary>Registers a module and gives it back.</summary>
    protected T Named<T>(string name, T module) where T : Module
    {
        register_module(name, module);
        return module;
    }

    /// <summary>Draws the weights of all convolutions anew: normal, by the fan out (He et al. 2015, arXiv:1502.01852).</summary>
    protected void DrawConvolutions()
    {
        foreach (var weight in parameters().Where(parameter => parameter.dim() == 4))
            init.kaiming_normal_(weight, mode: init.FanInOut.FanOut, nonlinearity: init.NonlinearityType.ReLU);
    }

    /// <summary>Draws a linear layer anew: normal with a deviation of 0.01, no bias.</summary>
    protected static void DrawNarrow(Linear layer)
    {
        init.normal_(layer.weight, 0, 0.01);
        init.zeros_(layer.bias!);
    }

    /// <inheritdoc />
    /// <remarks>Nothing: the constructor registered all, to which this would add those of the fields.</remarks>
    protected override void RegisterComponents()
    {
    }
}
