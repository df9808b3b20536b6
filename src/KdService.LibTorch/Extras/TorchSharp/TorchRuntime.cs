using static TorchSharp.torch;

namespace KdService.LibTorch.Extras;

public static partial class TorchRuntime
{
    /// <summary>What this process computes with; loads libtorch.</summary>
    public static TorchRuntimeDescription Describe() =>
        new("TorchSharp", __version__, new BlasDescription("unknown", null, null, null), "unknown", get_num_threads(), cuda.device_count(), []);

    // The packages have no switch for it.
    private static void SetFlushDenormals(bool flush)
    {
    }
}
