using KdService.Core.Plans;
using KdService.LibTorch.Extras;
using static TorchSharp.torch;

namespace KdService.Distillation.Models;

/// <summary>How a precision comes to be.</summary>
internal static class Precisions
{
    /// <summary>The precision that a device gives where one is asked for.</summary>
    public static Precision On(this Precision asked, Device device) => asked == Precision.Bf16 && Autocast.IsWorthwhile(device) ? asked : Precision.Fp32;

    /// <summary>What was computed in bfloat16, in float; anything else as it is.</summary>
    public static Tensor InFull(this Tensor computed) => computed.dtype == ScalarType.BFloat16 ? computed.to(float32) : computed;

    /// <summary>Networks that run until this is disposed multiply so; null where nothing changes.</summary>
    public static IDisposable? Open(this Precision precision, Device device) => precision == Precision.Bf16 ? Autocast.On(device) : null;
}
