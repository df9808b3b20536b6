using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Models;

/// <summary>The layer that turns a network's embedding into logits.</summary>
internal static class Classifier
{
    /// <summary>The last linear layer of the forward pass; null without one.</summary>
    /// <remarks>Weights come in the order of the forward pass; modules come level by level.</remarks>
    public static Linear? LastLinear(this Module<Tensor, Tensor> network)
    {
        var modules = network.named_modules().ToDictionary(named => named.name, named => named.module);
        return network.named_parameters().Select(weight => modules.GetValueOrDefault(weight.name[..Math.Max(0, weight.name.LastIndexOf('.'))])).OfType<Linear>().LastOrDefault();
    }
}
