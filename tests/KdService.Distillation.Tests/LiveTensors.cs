using static TorchSharp.torch;

namespace KdService.Distillation.Tests;

/// <summary>Counts tensors where the count is to mean something.</summary>
internal static class LiveTensors
{
    /// <summary>Live tensors once all that was forgotten so far is gone: finalisers may free it at any time, in the midst of a later count.</summary>
    public static long Settled()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        return Tensor.TotalCount;
    }
}
