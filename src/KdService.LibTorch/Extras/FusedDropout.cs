using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdService.LibTorch.Extras;

/// <summary>
/// Dropout with what follows it in a transformer, in one pass over memory where the tensors allow it: float, contiguous, on the CPU.
/// Its random numbers are others than libtorch's own; they follow from the seed of libtorch's generator, on any number of threads.
/// Everything else takes the plain operators; so do layers that somebody watches.
/// </summary>
public static class FusedDropout
{
    /// <summary>dropout(input).</summary>
    /// <param name="layer">The layer; it does nothing but in training.</param>
    /// <param name="input">Of any shape.</param>
    public static Tensor Drop(this Dropout layer, Tensor input) =>
        layer.training && !layer.IsWatched() && FusedKernels.Dropout(layer, input, null) is { } dropped ? dropped : layer.call(input);

    /// <summary>dropout(input) + residual.</summary>
    /// <param name="layer">The layer; it does nothing but in training.</param>
    /// <param name="input">Of any shape.</param>
    /// <param name="residual">Of the same shape.</param>
    public static Tensor DropThenAdd(this Dropout layer, Tensor input, Tensor residual) =>
        layer.training && !layer.IsWatched() && FusedKernels.Dropout(layer, input, residual) is { } added ? added : layer.call(input) + residual;
}
