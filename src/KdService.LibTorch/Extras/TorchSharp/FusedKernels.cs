using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdService.LibTorch.Extras;

/// <summary>The packages have no such kernels.</summary>
internal static class FusedKernels
{
    internal static Tensor? BatchNormRelu(BatchNorm2d norm, Tensor input, Tensor? residual) => null;

    internal static Tensor? Dropout(Dropout layer, Tensor input, Tensor? residual) => null;
}
