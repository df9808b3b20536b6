using TorchSharp.Interop;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdService.LibTorch.Extras;

/// <summary>The shim's kernels.</summary>
internal static class FusedKernels
{
    /// <summary>The fused result, or null where the kernels do not serve the tensors; then nothing has changed.</summary>
    internal static unsafe Tensor? BatchNormRelu(BatchNorm2d norm, Tensor input, Tensor? residual)
    {
        if (norm.weight is null || norm.bias is null) return null;
        // Evaluation under autograd is rare enough to be left to the operators.
        if (!norm.UsesBatchStatistics && is_grad_enabled()) return null;
        if (Native.kd_batch_norm_relu_fits(input.Handle, HandleOf(residual), norm.weight.Handle) == 0) return null;
        var share = norm.CountBatch();
        IntPtr result;
        Native.Check(Native.kd_batch_norm_relu(input.Handle, HandleOf(residual), norm.weight.Handle, norm.bias.Handle, HandleOf(norm.running_mean),
            HandleOf(norm.running_var), norm.UsesBatchStatistics ? 1 : 0, share, norm.eps, &result));
        GC.KeepAlive((input, residual, norm));
        return new Tensor(result);
    }

    /// <summary>Dropout of a layer in training, then an addition; null where the kernel does not serve the tensors.</summary>
    internal static unsafe Tensor? Dropout(Dropout layer, Tensor input, Tensor? residual)
    {
        if (layer.p is not (> 0 and < 1) || Native.kd_dropout_fits(input.Handle, HandleOf(residual)) == 0) return null;
        IntPtr result;
        Native.Check(Native.kd_dropout(input.Handle, HandleOf(residual), layer.p, &result));
        GC.KeepAlive((input, residual));
        return new Tensor(result);
    }

    private static IntPtr HandleOf(Tensor? tensor) => tensor is null ? IntPtr.Zero : tensor.Handle;
}
