using TorchSharp.Interop;

namespace KdService.LibTorch.Extras;

public readonly partial record struct DeviceMemory
{
    /// <summary>The state of one GPU's allocator.</summary>
    /// <exception cref="System.Runtime.InteropServices.ExternalException">The binding was built without CUDA.</exception>
    public static unsafe DeviceMemory Of(int gpu = 0)
    {
        var bytes = stackalloc long[4];
        Native.Check(Native.kd_cuda_memory(gpu, bytes));
        return new DeviceMemory(bytes[0], bytes[1], bytes[2], bytes[3]);
    }

    /// <summary>Begins a new measurement of the peaks.</summary>
    /// <exception cref="System.Runtime.InteropServices.ExternalException">The binding was built without CUDA.</exception>
    public static unsafe void ResetPeaks(int gpu = 0) => Native.Check(Native.kd_cuda_reset_peak_memory(gpu));

    /// <summary>Gives what is reserved and not allocated back to the device.</summary>
    /// <exception cref="System.Runtime.InteropServices.ExternalException">The binding was built without CUDA.</exception>
    public static unsafe void EmptyCache() => Native.Check(Native.kd_cuda_empty_cache());
}
