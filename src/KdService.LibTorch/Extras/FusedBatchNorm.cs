using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdService.LibTorch.Extras;

/// <summary>
/// Batch normalisation with what follows it in a residual network, in one pass over memory where the tensors allow it:
/// float, on the CPU, channels last, with an affine layer. Everything else takes the plain operators, to the same result; so do
/// layers that somebody watches, whose outputs are then left as they are.
/// </summary>
public static class FusedBatchNorm
{
    /// <summary>relu(norm(input)).</summary>
    /// <param name="norm">The layer; in training its running statistics move as they do in its own forward.</param>
    /// <param name="input"><c>[batch, features, height, width]</c>.</param>
    public static Tensor BatchNormRelu(this BatchNorm2d norm, Tensor input) =>
        norm.IsWatched() ? norm.call(input).relu() : FusedKernels.BatchNormRelu(norm, input, null) ?? Plain(norm, input, null);

    /// <summary>relu(norm(input) + residual): the end of a residual block (He et al. 2015, arXiv:1512.03385, figure 2).</summary>
    /// <param name="norm">The layer; in training its running statistics move as they do in its own forward.</param>
    /// <param name="input"><c>[batch, features, height, width]</c>.</param>
    /// <param name="residual">Of the same shape.</param>
    /// <param name="sum">A module that the sum passes through, for those who watch it.</param>
    public static Tensor BatchNormAddRelu(this BatchNorm2d norm, Tensor input, Tensor residual, nn.Module<Tensor, Tensor>? sum = null)
    {
        if (!norm.IsWatched() && sum?.IsWatched() is not true) return FusedKernels.BatchNormRelu(norm, input, residual) ?? Plain(norm, input, residual);
        var added = norm.call(input) + residual;
        return (sum?.call(added) ?? added).relu();
    }

    private static Tensor Plain(BatchNorm2d norm, Tensor input, Tensor? residual)
    {
        // The layer's output is its own: neither its backward nor the caller needs it as it was.
        var output = norm.call(input);
        if (residual is not null) output.add_(residual);
        return output.relu_();
    }
}
