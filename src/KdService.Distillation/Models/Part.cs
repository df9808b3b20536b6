using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Models;

/// <summary>A network or a part of one whose modules have the names that its constructor gives them, PyTorch's, and no others.</summary>
public abstract class Part(string name) : Module<Tensor, Tensor>(name)
{
    /// <summary>Registers a module under a path and gives it back; the steps of the path before the last only hold others.</summary>
    protected T Named<T>(string path, T module) where T : Module
    {
        var dot = path.LastIndexOf('.');
        (dot < 0 ? this : Holding(path[..dot])).register_module(path[(dot + 1)..], module);
        return module;
    }

    /// <summary>The module at a path; made where it is not there yet, to hold others.</summary>
    protected Module Holding(string path)
    {
        Module holder = this;
        foreach (var step in path.Split('.'))
        {
            var next = holder.named_children().FirstOrDefault(child => child.name == step).module;
            if (next is null) holder.register_module(step, next = new Holder());
            holder = next;
        }
        return holder;
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

    /// <summary>A step of a path.</summary>
    private sealed class Holder() : Module(nameof(Holder))
    {
        /// <inheritdoc />
        protected override void RegisterComponents()
        {
        }
    }
}
