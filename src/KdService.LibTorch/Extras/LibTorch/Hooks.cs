using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.LibTorch.Extras;

/// <summary>Steps that are done in one have to be done one by one where somebody watches.</summary>
public static class Hooks
{
    /// <summary>Whether somebody may watch what comes into a module or out of it.</summary>
    public static bool IsWatched(this Module<Tensor, Tensor> module) => module.HasHooks;
}
